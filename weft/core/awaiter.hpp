#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/waiter.hpp"

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <type_traits>

/// What every awaitable of weft has in common: cancellation, the budget, and who waits.
namespace weft::detail {

/// Raises `cancelled` in `b`.
[[noreturn, gnu::cold]] WEFT_EXPORT void raise_cancelled(control_block& b);
/// A block for the coroutine of somebody else that awaits something of ours.
[[nodiscard]] WEFT_EXPORT control_block& add_foreign(std::coroutine_handle<> h);
/// Its wait is over, and it runs: the block goes when it has returned to the loop, so that what it
/// awaits next is in the same scope.
WEFT_EXPORT void forget_foreign(control_block& b) noexcept;

/// The base of awaitables that are their own awaiter. `Derived` has
///
/// - `bool try_now()`: what is awaited is there (and taken);
/// - `void start() noexcept`: it is not: links itself to what will wake `block`;
/// - `R finish()`: the result, after the one or the other. It may call `raise_cancelled`.
///
/// Each await raises `cancelled` when its coroutine is cancelled, before it tries anything; then
/// the coroutine goes through the ready queue, so that a loop that swallows cancellation does not
/// keep the thread. What completes at once is charged to the budget.
///
/// Awaited by a task or a fiber it uses their control block; by anybody else's coroutine, one that
/// is made for the time of the wait (R5).
template <class Derived, class Base = waiter>
class awaiter : public Base {
public:
    using Base::Base;

    [[nodiscard]] bool await_ready() {
        scheduler& home = scheduler_for(this->kind->what);
        return ready_for(home, home.current());
    }
    /// The same for a coroutine of `home`, or for the loop itself.
    [[nodiscard]] bool ready_for(scheduler& home, control_block* b) {
        if (b != nullptr ? b->has(block_flag::cancel_pending) : home.root().cancelled())
            [[unlikely]]
            return false;
        if (!self().try_now()) return false;
        if (home.charge() || b == nullptr) [[likely]]
            return true;
        b->flags |= block_flag::taken;
        return false;
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        if constexpr (std::derived_from<Promise, await_link>)
            suspend_in(this_scheduler(), *this_scheduler().current());
        else
            suspend_foreign(h);
    }

    decltype(auto) await_resume() {
        if (this->block != nullptr) resumed();
        return self().finish();
    }

    /// The suspension of `b`, which runs.
    void suspend_in(scheduler& home, control_block& b) noexcept {
        this->block = &b;
        if (b.has(block_flag::taken | block_flag::cancel_pending)) [[unlikely]] {
            if (!b.has(block_flag::taken)) b.flags |= block_flag::abandoned;
            b.flags &= static_cast<std::uint8_t>(~block_flag::taken);
            home.push(b);
            return;
        }
        home.waits(b, *this);
        self().start();
    }

protected:
    ~awaiter() {
        WEFT_DCHECK(this->block == nullptr || this->block->wait != this,
                    "a coroutine was destroyed while it awaits something of weft: cancel it and "
                    "let it end");
    }

private:
    [[nodiscard]] Derived& self() noexcept { return static_cast<Derived&>(*this); }

    [[gnu::noinline]] void suspend_foreign(std::coroutine_handle<> h) {
        suspend_in(scheduler_for(this->kind->what), add_foreign(h));
    }

    void resumed() {
        control_block& b = *this->block;
        if (b.kind == block_kind::foreign) [[unlikely]] {
            resumed_foreign();
            return;
        }
        if (b.has(block_flag::abandoned)) [[unlikely]]
            raise_cancelled(b);
    }
    [[gnu::noinline]] void resumed_foreign() {
        control_block& b = *this->block;
        this->block = nullptr;
        forget_foreign(b);
        if (b.has(block_flag::abandoned)) raise_cancelled(b);
    }
};

}  // namespace weft::detail
