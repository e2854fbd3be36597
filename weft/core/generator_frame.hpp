#pragma once

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/export.hpp"
#include "weft/core/frame_allocation.hpp"
#include "weft/core/place.hpp"

#include <atomic>
#include <bit>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft {

/// Where a generator or a consumer stands.
enum class generator_state : std::uint8_t {
    created,    ///< nothing of its body has run
    suspended,  ///< at a `co_yield` or `co_await receive`
    running,    ///< its body, or one that it delegates to, is on the stack now
    closed,     ///< finished, failed, closed or moved from
};

}  // namespace weft

namespace weft::detail {

class generator_frame;

/// The part of a generator object that delegations know: its frame, or how that ended.
struct generator_handle {
    enum class ending : std::uint8_t { none, returned, failed, closed, moved };

    generator_handle() noexcept = default;
    explicit generator_handle(generator_frame& frame) noexcept : frame_(&frame) {}

    generator_frame* frame_ = nullptr;
    ending end_ = ending::none;
};

/// A delegation: `co_yield from(inner)`. It is the awaiter, and lies in the frame of the outer
/// generator.
struct delegation {
    delegation(generator_frame& from, generator_handle& to, place at) noexcept
        : outer(&from), inner(&to), where(at) {}

    generator_frame* outer;
    /// The generator object that holds the inner frame. It may lie in the outer's frame (a
    /// temporary, a local) or anywhere else. Null when it was detached.
    generator_handle* inner;
    place where;
    /// Set by `close()` for each delegation it finds: `outer` gets `generator_exit` when `inner`
    /// ends. Also set when `inner` was detached, and `outer` is resumed with an exception.
    bool closing = false;
};

/// An `exception_ptr` whose owner clears it: its destructor is trivial, which keeps calls, and with
/// them saved registers, out of the code that resumes a body.
class error_slot {
public:
    error_slot() noexcept { ::new (static_cast<void*>(&error_)) std::exception_ptr(); }
    error_slot(const error_slot&) = delete;
    error_slot& operator=(const error_slot&) = delete;
    ~error_slot() {}  // NOLINT(modernize-use-equals-default): the union has none.

    explicit operator bool() const noexcept { return static_cast<bool>(error_); }
    [[nodiscard]] const std::exception_ptr& get() const noexcept { return error_; }
    void put(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] std::exception_ptr take() noexcept { return std::exchange(error_, nullptr); }

private:
    union {
        std::exception_ptr error_;
    };
};

/// One word that crosses between a body and its resumer: the address of a value, or a small value.
class exchange_word {
public:
    exchange_word() noexcept {}  // NOLINT(modernize-use-equals-default): nothing to initialise.
    template <class Value>
    void put(Value value) noexcept {
        static_assert(sizeof(Value) <= sizeof(word_) && std::is_trivially_copyable_v<Value>);
        ::new (static_cast<void*>(word_)) Value(value);
    }
    template <class Value>
    [[nodiscard]] Value* get() noexcept {
        return std::launder(reinterpret_cast<Value*>(word_));
    }

private:
    alignas(void*) std::byte word_[sizeof(void*)];
};

/// How many generators are being resumed with an exception, in all threads: a hint, read by each
/// `co_yield` that goes on. See `generator_frame::resumed`.
WEFT_EXPORT extern constinit std::atomic<unsigned> injections;

/// The untyped part of a generator's promise: who delegates to whom, what was yielded, what was
/// sent.
///
/// The generators that delegate to each other form a chain, from the **root**, which the program
/// holds, to the **leaf**, which is suspended at a `co_yield` of its own. Resuming the root resumes
/// the leaf, and the leaf leaves its value with the root, so that neither depends on the length of
/// the chain.
///
/// Invariants:
/// 1. `root_` of every frame in a chain is its root; `leaf_`, `at_` and `out_` are valid in the
///    root only.
/// 2. `at_` of the root says where the leaf is suspended at a `co_yield`, and is null (or 1, while
///    a send is under way) before the start, when a delegation has just begun or ended, and when
///    the body has ended. The checked ways to resume clear it first: then one test of it tells "may
///    be resumed", and afterwards "has yielded". (The range-for of release builds leaves it: a
///    store less a value.)
/// 3. Ending a delegation resumes nothing: it changes `leaf_` and suspends, and the loop in
///    `settle()` resumes the new leaf. Beginning one transfers to the inner body, and every 64th
///    time goes through that loop too. So the stack stays flat at any depth, also where a compiler
///    makes a transfer a call.
/// 4. `error_` and `in_` of a frame, while it is being resumed, are what its `co_yield` is to raise
///    or to give. `error_` of a frame that is done is the exception that ended it.
/// 5. One thread at a time may use a generator. `at_` and `phase_` are relaxed atomics (plain
///    moves) so that a second thread is told `already_executing` instead of racing: best effort.
///
/// The tests `leaf_ == this` and `root_ == this` are for speed: the processor predicts them, where
/// it would wait for the pointer (1.3 of 3 ns a value).
///
/// A frame's handle is found from its promise's address: this class comes first in every promise
/// and no promise is aligned above 16 bytes (checked in generator_promise.hpp).
class WEFT_EXPORT generator_frame : public frame_allocation {
public:
    enum class phase : std::uint8_t { created, live, done };
    static constexpr unsigned hops_max = 64;  // transfers in a row

    explicit generator_frame(place where) noexcept : created_(where) {}
    generator_frame(const generator_frame&) = delete;
    generator_frame& operator=(const generator_frame&) = delete;

    // Used by the handle that the program holds: this frame is the root.

    /// Resumes a suspended root; its `co_yield` gets nothing, which is `in` where it gets anything.
    /// False when nothing was yielded: the body has ended (then see `take_error`).
    /// REQUIRES: `ready()`.
    template <class In>
    bool resume_with_nothing(In in) noexcept {
        return resume_receiving(in, nullptr);
    }
    /// The same, and its `co_yield` gets what was sent.
    template <class In>
    bool resume_with(In in) noexcept {
        return resume_receiving(in, sent_mark());
    }
    bool resume() noexcept {
        at_.store(nullptr, std::memory_order_relaxed);
        return resume_unchecked();
    }
    /// The same without the means to notice that it is running already.
    bool resume_unchecked() noexcept {
        if (leaf_ == this) [[likely]]
            resume_body();
        else
            leaf_->resume_body();
        return ready() || settle();
    }
    [[nodiscard]] bool ready() const noexcept {
        return std::bit_cast<std::uintptr_t>(at_.load(std::memory_order_relaxed)) > 1;
    }
    /// What was yielded. REQUIRES: `ready()`.
    [[nodiscard]] exchange_word& out() noexcept { return out_; }
    [[nodiscard]] bool done() const noexcept { return get_phase() == phase::done; }
    [[nodiscard]] bool created() const noexcept { return get_phase() == phase::created; }

    /// The first resume. REQUIRES: `created()`.
    bool start() noexcept;
    /// Raises `error` at the leaf's `co_yield`. `closing` has PEP 380's rule for `GeneratorExit`:
    /// each inner generator is closed, then its outer one gets the exit. REQUIRES: `ready()`.
    bool resume_raising(std::exception_ptr error, bool closing) noexcept;
    /// Destroys the chain from its leaf up, in a loop. Aborts when it is running.
    void destroy() noexcept;
    [[noreturn]] void refuse_to_resume(const char* attempt) const;

    /// The generator object that holds this frame has moved to `owner`.
    void held_by(generator_handle& owner) noexcept {
        if (up_ != nullptr) [[unlikely]]
            up_->inner = &owner;
    }
    /// Throws what ended the body, if it ended by an exception. The frame remembers that it did.
    void rethrow_error() const {
        if (error_) [[unlikely]]
            std::rethrow_exception(error_.get());
    }
    [[nodiscard]] std::exception_ptr take_error() noexcept { return error_.take(); }
    [[nodiscard]] bool has_error() const noexcept { return static_cast<bool>(error_); }

    [[nodiscard]] generator_state state() const noexcept;
    [[nodiscard]] std::source_location where() const noexcept;
    [[nodiscard]] std::source_location created_at() const noexcept { return location_at(created_); }
    [[nodiscard]] std::size_t bytes() const noexcept { return header_of(address())->bytes; }
    [[nodiscard]] const generator_frame* delegated() const noexcept;
    [[nodiscard]] const void* address() const noexcept { return handle().address(); }

    // Used by the body of this frame.

    /// Leaves a value with the root: an address, or a small value itself.
    template <class Value>
    void yielded(Value value, place where) noexcept {
        if (root_ == this) [[likely]] {
            out_.put(value);
            at_.store(where, std::memory_order_relaxed);
        } else {
            root_->out_.put(value);
            root_->at_.store(where, std::memory_order_relaxed);
        }
    }
    /// The address of what was sent to the `co_yield` that is being resumed; null for nothing.
    /// Throws what `resume_raising` brought.
    [[nodiscard]] void* received() {
        void* const in = *in_.get<void*>();
        if (in == nullptr) [[unlikely]]
            check_injected();
        return in;
    }
    /// The word that was sent by value; `resumed()` comes first.
    [[nodiscard]] exchange_word& received_word() noexcept { return in_; }
    [[nodiscard]] bool was_sent() const noexcept {
        return root_->at_.load(std::memory_order_relaxed) == sent_mark();
    }
    /// Throws what `resume_raising` brought, without knowing the frame: a `co_yield` that keeps a
    /// pointer to it costs a store for each value.
    static void resumed() {
        if (injections.load(std::memory_order_relaxed) != 0) [[unlikely]]
            raise_on_this_thread();
    }
    void failed() noexcept;
    /// The body has ended and waits to be destroyed.
    void ended() noexcept {
        set_phase(phase::done);
        root_->at_.store(nullptr, std::memory_order_relaxed);
        if (up_ != nullptr) root_->leaf_ = up_->outer;
    }
    /// The body has ended without an error or a result. True when a delegation waits for just that:
    /// then the frame can destroy itself.
    bool ended_quietly() noexcept {
        if (up_ == nullptr || error_) return false;
        root_->at_.store(nullptr, std::memory_order_relaxed);
        root_->leaf_ = up_->outer;
        up_->inner->frame_ = nullptr;
        up_->inner->end_ = generator_handle::ending::returned;
        return true;
    }

    /// Makes the inner generator of `link` the leaf. `link` stays where it is until it has ended.
    static std::coroutine_handle<> delegate(delegation& link) noexcept {
        generator_frame* const inner = link.inner->frame_;
        generator_frame* const root = link.outer->root_;
        inner->up_ = &link;
        root->at_.store(nullptr, std::memory_order_relaxed);
        if (!inner->created()) [[unlikely]] {
            root->join(inner);
            return std::noop_coroutine();
        }
        inner->set_phase(phase::live);
        inner->root_ = root;
        root->leaf_ = inner;
        if (++root->hops_ % hops_max == 0) [[unlikely]]
            return std::noop_coroutine();
        return inner->handle();
    }
    /// After the inner generator has ended, in the body of the outer: throws its error, or what
    /// `close()` wants thrown.
    static void undelegate(delegation& link);
    /// Throws `already_executing` when `inner` is running or delegated to.
    static void check_delegable(const generator_frame* inner) {
        if (!inner->created() && !inner->ready()) [[unlikely]]
            inner->refuse_to_resume("co_yield from()");
    }

private:
    /// In `at_`: running, resumed by a send.
    [[nodiscard]] static place sent_mark() noexcept {
        return std::bit_cast<place>(std::uintptr_t{1});
    }
    template <class In>
    bool resume_receiving(In in, place mark) noexcept {
        at_.store(mark, std::memory_order_relaxed);
        if (leaf_ == this) [[likely]] {
            in_.put(in);
            resume_body();
        } else {
            leaf_->in_.put(in);
            leaf_->resume_body();
        }
        return ready() || settle();
    }
    [[nodiscard]] std::coroutine_handle<> handle() const noexcept {
        return std::coroutine_handle<generator_frame>::from_promise(
            const_cast<generator_frame&>(*this));
    }
    void resume_body() const noexcept { handle().resume(); }
    [[nodiscard]] phase get_phase() const noexcept {
        return phase_.load(std::memory_order_relaxed);
    }
    void set_phase(phase p) noexcept { phase_.store(p, std::memory_order_relaxed); }
    [[nodiscard]] bool contains(const void* object) const noexcept;
    bool settle() noexcept;
    bool settle_closing() noexcept;
    void inject(std::exception_ptr error) noexcept;
    void check_injected();
    static void raise_on_this_thread();
    void destroy_chain() noexcept;
    [[noreturn]] void raise_injected();
    void join(generator_frame* inner) noexcept;
    static void detach(delegation& link) noexcept;

    generator_frame* root_ = this;
    std::atomic<place> at_ = nullptr;
    exchange_word out_;
    generator_frame* leaf_ = this;
    exchange_word in_;
    error_slot error_;
    delegation* up_ = nullptr;  // the delegation whose inner this is
    place created_;
    std::atomic<phase> phase_ = phase::created;
    std::uint8_t hops_ = 0;
};

/// The function's name out of a `source_location` taken in a coroutine's ramp: "count" out of
/// "weft::generator<int> count(int)".
[[nodiscard]] WEFT_EXPORT std::string_view short_function_name(std::source_location where) noexcept;

}  // namespace weft::detail
