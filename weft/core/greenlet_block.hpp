#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/context.hpp"
#include "weft/machine/stack.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>

/// What stands behind a greenlet: its control block, and the state of a thread that has greenlets.
///
/// Rules:
/// 1. A block is in the frame pool, so that blocks lie side by side, and its first cache line has
///    all that a switch touches. Its callable lies behind it: with two words of that and the pool's
///    header a block takes 128 bytes. The stack comes with the first switch and goes when the body
///    has ended.
/// 2. Everything here belongs to the thread that made the greenlet. Others may read `thread`.
/// 3. `expects` is what the usual switch looks at: the type that a suspended one waits for (`void`:
///    it discards what comes). It is null before the beginning, while it runs and when it is dead.
/// 4. `handles` keep a suspended one from being unwound. `references` keep the block: handles,
///    children, and whoever has to clean up behind one that has ended. One that drops its own last
///    handle while it runs keeps its reference (`orphan`), and is unwound when it switches away.
/// 5. What is on its way from one greenlet to the next is in the thread's `value` and, where there
///    is more to see to before that goes on, in its `arrivals` with `origin` (by rule 4 alive) and
///    `error`. Who switches sets them last, who is switched to takes them first, and nobody runs
///    between the two.
namespace weft {

enum class greenlet_event : std::uint8_t { switched, thrown };
using greenlet_tracer =
    std::function<void(greenlet_event event, const class greenlet& from, const class greenlet& to)>;

namespace detail {

enum class greenlet_phase : std::uint8_t { created, started, dead };

class greenlet_block;

struct greenlet_arrivals {
    static constexpr std::uint8_t error = 1;      ///< an exception is to be raised
    static constexpr std::uint8_t finished = 2;   ///< the origin has ended: clean up behind it
    static constexpr std::uint8_t abandoned = 4;  ///< nobody can resume the origin: unwind it
    static constexpr std::uint8_t traced = 8;     ///< the tracer is to be called
};

/// How a type of body is run and disposed of.
struct greenlet_code {
    void (*run)(void* block);                                ///< the entry on the new stack
    void (*dispose)(greenlet_block& block) noexcept;         ///< destroys a callable that never ran
    void (*destroy_result)(std::uintptr_t result) noexcept;  ///< null when there is nothing to do
    const std::type_info* arguments;                         ///< what the first switch must bring
};

class WEFT_EXPORT greenlet_block {
public:
    context machine;
    const std::type_info* expects = nullptr;
    std::uint32_t thread = 0;
    std::uint32_t references = 1;
    std::uint32_t handles = 1;
    greenlet_phase phase = greenlet_phase::created;
    bool orphan = false;
    bool has_result = false;  ///< when dead: `result` is still to be destroyed

    const greenlet_code* code;
    greenlet_block* parent;  ///< holds a reference; null for a thread's own greenlet
    stack memory;
    union {
        std::size_t stack_bytes;  ///< before the beginning
        std::uintptr_t result;    ///< when dead
    };
    union {
        std::size_t guard_bytes;  ///< before the beginning
        greenlet_block* killer;   ///< afterwards: who waits in `unwind_greenlet` for its end
    };

    /// Whoever makes one gives it a thread, and its parent a reference.
    greenlet_block(const greenlet_code& c, greenlet_block* above, std::size_t size,
                   std::size_t guard) noexcept
        : code(&c), parent(above), stack_bytes(size), guard_bytes(guard) {}

    void retain() noexcept { ++references; }
    void release() noexcept {
        if (--references == 0) unreferenced(this);
    }
    void add_handle() noexcept {
        ++handles;
        ++references;
    }
    void drop_handle() noexcept {
        if (--handles == 0)
            without_handle(this);
        else
            --references;
    }
    /// Takes a stack, on which the body will begin.
    void prepare();
    /// Ends one that has not begun.
    void dispose() noexcept;

private:
    static void unreferenced(greenlet_block* block) noexcept;
    static void without_handle(greenlet_block* block) noexcept;
    static void without_handle_while_started(greenlet_block* block) noexcept;
};
#ifdef __x86_64__  // aarch64 has one register more to save.
static_assert(offsetof(greenlet_block, parent) <= 64, "a switch touches one cache line");
static_assert(sizeof(greenlet_block) <= 96, "with its header and two words of callable, 128 bytes");
#endif

/// All that a switch touches is in one cache line.
/// The greenlets of a fiber, or of a thread outside of all fibers, while others run: each has its
/// own, with a root of its own.
struct greenlet_side {
    greenlet_block* current = nullptr;
    greenlet_block* root = nullptr;
    std::uint32_t id = 0;
    unsigned unusual = 0;
};

struct WEFT_EXPORT greenlet_thread {
    static constexpr unsigned tracing = 1;
    static constexpr unsigned orphaned = 2;  ///< `current` may have no handle
    static constexpr unsigned canaries = 4;  ///< some stack here has a canary for a guard

    alignas(64) greenlet_block* current = nullptr;
    std::uint32_t usual_id = 0;  ///< the id while nothing is unusual, or 0
    exception_state* exceptions = nullptr;
    std::uintptr_t value = 0;          ///< on its way to `current`
    greenlet_block* origin = nullptr;  ///< who came, for `arrivals`
    /// Holds an `exception_ptr` while one is on its way, for `arrivals`: as a member it would have
    /// a destructor, and each access to the thread's state a look at that. Not on the origin's
    /// stack, whose fake frames AddressSanitizer takes away when the origin ends.
    alignas(std::exception_ptr) std::byte error[sizeof(std::exception_ptr)] = {};
    std::uint8_t arrivals = 0;  ///< what `current` has to see to

    std::uint32_t id = 0;  ///< 0 until the thread uses greenlets; not given to another
    unsigned unusual = 0;  ///< why switches have to take the long way
    greenlet_block* root = nullptr;
    greenlet_tracer* tracer = nullptr;

    void begin();
    /// Leaves the thread without greenlets, and gives it its own back. `machine` is the context of
    /// the stack that is being left, to which the one of the current greenlet lends its hints.
    void put_aside(greenlet_side& mine, context& machine) noexcept;
    void take_back(greenlet_side& mine, context& machine) noexcept;
    /// A fiber ends: so does the root that stands for it.
    void end_side() noexcept;
    void put_error(std::exception_ptr&& one) noexcept {
        ::new (static_cast<void*>(error)) std::exception_ptr(std::move(one));
    }
    [[nodiscard]] std::exception_ptr take_error() noexcept {
        auto* const held = std::launder(reinterpret_cast<std::exception_ptr*>(error));
        std::exception_ptr one = std::move(*held);
        std::destroy_at(held);
        return one;
    }
    void set_unusual(unsigned why) noexcept {
        unusual = why;
        usual_id = why == 0 ? id : 0;
    }
};

extern WEFT_EXPORT __attribute__((
    tls_model("initial-exec"))) constinit thread_local greenlet_thread the_greenlet_thread;

/// The calling thread's. clang may keep a thread-local address across a suspension of a coroutine,
/// and those move between threads, though greenlets do not.
#ifdef __clang__
[[nodiscard]] WEFT_EXPORT greenlet_thread& this_greenlet_thread() noexcept;
#else
[[nodiscard, gnu::always_inline]] inline greenlet_thread& this_greenlet_thread() noexcept {
    return the_greenlet_thread;
}
#endif

/// Every switch that is not the usual one: to a greenlet that begins, is dead, runs, is another
/// thread's or expects something else, and all while there is a tracer. Returns whom to switch to,
/// from the thread's `origin`, with all else done; null when the value has come back already. (The
/// switch itself is the caller's: a function that is returned from after others have run on another
/// stack returns to where the processor does not expect it.)
WEFT_EXPORT greenlet_block* switch_unusually(greenlet_block* to, const std::type_info& sent,
                                             std::uintptr_t value, const std::type_info& expects);
/// Raises `error` in `to`, by its rules. Returns when somebody has switched back.
WEFT_EXPORT void throw_into(greenlet_block* to, std::exception_ptr error,
                            const std::type_info& expects);

/// What has to be done on arrival; throws what was thrown into `current`. What lives on the stack
/// of one that has finished lives as long as this object.
class WEFT_EXPORT greenlet_arrival {
public:
    explicit greenlet_arrival(greenlet_thread& thread) {
        if (thread.arrivals == greenlet_arrivals::finished) [[likely]] {
            thread.arrivals = 0;
            finished_ = thread.origin;
        } else if (thread.arrivals != 0) {
            see_to(thread);
        }
    }
    greenlet_arrival(const greenlet_arrival&) = delete;
    greenlet_arrival& operator=(const greenlet_arrival&) = delete;
    ~greenlet_arrival() {
        if (finished_ != nullptr) clean_up(*finished_);
    }

private:
    void see_to(greenlet_thread& thread);
    /// The last things of a finished greenlet: its result, its stack, perhaps itself.
    static void clean_up(greenlet_block& finished) noexcept;

    greenlet_block* finished_ = nullptr;
};

/// Unwinds the stack of a suspended one that nobody can resume. It is dead afterwards, or the
/// program.
void unwind_greenlet(greenlet_block& block) noexcept;

/// The end of a body: on to the parent, with a value.
[[noreturn]] WEFT_EXPORT void finish_greenlet(greenlet_block& self, const std::type_info& type,
                                              std::uintptr_t result);
/// The same with an error.
[[noreturn]] WEFT_EXPORT void finish_greenlet_by(greenlet_block& self, std::exception_ptr error);
/// The same by `greenlet_exit`.
[[noreturn]] WEFT_EXPORT void finish_greenlet_by_exit(greenlet_block& self);

/// A new block whose parent is the current greenlet, with room for a callable: `bytes` in all.
[[nodiscard]] WEFT_EXPORT greenlet_block* make_greenlet_block(std::size_t bytes,
                                                              const greenlet_code& code,
                                                              std::size_t stack_bytes,
                                                              std::size_t guard_bytes);
/// Takes back a block whose callable could not be made.
WEFT_EXPORT void unmake_greenlet_block(greenlet_block* block) noexcept;

}  // namespace detail
}  // namespace weft
