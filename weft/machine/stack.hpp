#pragma once

#include "weft/base/export.hpp"
#include "weft/machine/stack_guard.hpp"
#include "weft/machine/stack_slab.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

/// Stacks for stackful coroutines: address space that is reserved and grows by use.
///
/// ```cpp
/// std::size_t room_of_a_stack() {
///     const weft::stack mine = weft::stack::acquire(64 * 1024);
///     return mine.size();  // bytes from mine.limit() up to the end of the highest page
/// }
/// ```
///
/// A stack that is suspended costs the pages that it has touched, most often one, and its share of
/// the page tables (8 bytes for each page reserved).
namespace weft {

/// Room for C code that knows nothing of small stacks, such as a resolver or `printf`.
inline constexpr std::size_t default_stack_bytes = std::size_t{256} * 1024;
/// Unmodified C has frames that jump over one page.
inline constexpr std::size_t default_guard_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t stack_bytes_min = std::size_t{8} * 1024;

namespace detail {

[[nodiscard]] WEFT_EXPORT stack_slot* acquire_stack(std::size_t bytes, std::size_t guard_bytes);
WEFT_EXPORT void release_stack(stack_slot* slot) noexcept;
/// Reports an overflow and aborts when the words below the limit are not zero any more.
WEFT_EXPORT void check_canary_words(const stack_slot& slot) noexcept;
/// The same of every page of the guard, which a large frame reaches without touching those words.
void check_guard_is_untouched(const stack_slot& slot) noexcept;
[[noreturn]] WEFT_EXPORT void report_dead_canary(const stack_slot& slot) noexcept;

}  // namespace detail

/// A stack of one's own; destroyed, it returns to the pool (stack_pool.hpp). One thread at a time;
/// it may be destroyed on another thread than the one that acquired it. What is left on its pages
/// is not cleared.
class [[nodiscard]] stack {
public:
    /// Takes a stack with at least `bytes` usable bytes and a guard of at least `guard_bytes` below
    /// them, both rounded up to whole pages; `guard_bytes` 0 asks for a canary instead. Throws
    /// `usage_error` for sizes that make no sense and `std::system_error` (`ENOMEM`) when there is
    /// no address space left. Any thread.
    static stack acquire(std::size_t bytes = default_stack_bytes,
                         std::size_t guard_bytes = default_guard_bytes) {
        return stack(detail::acquire_stack(bytes, guard_bytes));
    }

    /// No stack: only assignment, destruction and `bool` are allowed.
    stack() noexcept = default;
    stack(stack&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
    stack& operator=(stack&& other) noexcept {
        if (this != &other) {
            release();
            slot_ = std::exchange(other.slot_, nullptr);
        }
        return *this;
    }
    ~stack() { release(); }

    explicit operator bool() const noexcept { return slot_ != nullptr; }

    /// Where the stack begins; it grows downwards from here. 16-aligned, and at another cache line
    /// of its page than the tops of the stacks beside it.
    [[nodiscard]] void* top() const noexcept { return slot_->top; }
    /// The lowest usable byte.
    [[nodiscard]] void* limit() const noexcept { return slot_->slab->limit_of(*slot_); }
    /// Usable bytes from the limit to the end of the top's page; the colour takes up to 1 KiB of
    /// them.
    [[nodiscard]] std::size_t size() const noexcept { return slot_->slab->size; }
    [[nodiscard]] std::size_t guard_size() const noexcept { return slot_->slab->guard(); }

    /// The most bytes below `top()` that were in use since the stack's pages were last given back:
    /// down to the lowest byte that is not zero. A stack that was used before counts what it held
    /// then. Makes a system call and reads a page or two.
    [[nodiscard]] WEFT_EXPORT std::size_t high_water() const;

    /// Who uses the stack, for the report of an overflow. `namer` is called in a signal handler;
    /// `owner` must live as long as it is set here or the stack is held.
    void set_owner(const void* owner, stack_namer namer) noexcept {
        slot_->owner = owner;
        slot_->namer = namer;
    }
    /// The same with a text that outlives the stack, such as a literal.
    WEFT_EXPORT void set_name(const char* name) noexcept;

    /// It has a canary instead of guard pages.
    [[nodiscard]] bool has_canary() const noexcept { return slot_->has_canary; }
    /// To be called on this stack when it is about to be switched away from, and only there. Where
    /// the stack has a canary instead of guard pages and it is dead, or the caller's own frame lies
    /// below the limit, reports the overflow and aborts. A stack that is released is examined
    /// thoroughly.
    void check_canary() const noexcept {
        if (slot_->has_canary) [[unlikely]]
            detail::check_canary_words(*slot_);
    }

private:
    explicit stack(detail::stack_slot* slot) noexcept : slot_(slot) {}
    void release() noexcept {
        if (slot_ != nullptr) detail::release_stack(slot_);
    }

    detail::stack_slot* slot_ = nullptr;
};

}  // namespace weft
