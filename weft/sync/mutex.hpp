#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"
#include "weft/sync/mutex_core.hpp"

/// One at a time.
namespace weft {

/// Lets one coroutine at a time in, across its awaits. Between two awaits nobody else runs: where
/// there is none inside, no mutex is needed.
///
/// ```cpp
/// inline weft::task<> write_both(weft::mutex& m, weft::pipe_writer& to) {
///     auto held = co_await m.lock();  // in a fiber: weft::await(m.lock())
///     co_await to.write_all("one line, ");
///     co_await to.write_all("not torn apart\n");
/// }  // unlocked
/// ```
///
/// 1. Who waits gets it in the order of their coming: an unlock hands it over, and nobody slips in
///    between. One that is cancelled after it was handed over has it, and its next await raises.
/// 2. The owner is the coroutine, with all the tasks that it awaits. Locking it twice is a
///    `usage_error`: there is `recursive_mutex`. A coroutine of another library that gets it at
///    once counts as who runs it.
/// 3. A guard unlocks where it is destroyed, be it in another coroutine of the loop. `unlock()` is
///    for the owner.
/// 4. One loop's, no atomics: threads use `std::mutex`, without an await inside.
/// 5. Destroyed while it is locked, or while a `condition` will need it again, it ends the program:
///    a guard would touch it later.
class WEFT_EXPORT mutex {
public:
    using guard = owning_guard<mutex>;

    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// Awaited, gives a guard that holds it. Give up waiting by `with_timeout`.
    [[nodiscard]] detail::lock_awaiter<mutex> lock() noexcept {
        return detail::lock_awaiter<mutex>(*this);
    }
    /// A guard that holds it, or an empty one: `if (auto held = m.try_lock())`.
    [[nodiscard]] guard try_lock() noexcept {
        return core_.try_take(detail::key_of_caller()) ? guard(*this) : guard();
    }
    /// For one that was locked by this coroutine and whose guard was `detach()`ed; anything else is
    /// a `usage_error`.
    void unlock() {
        core_.check_unlock("mutex");
        core_.pass_on();
    }

    [[nodiscard]] bool locked() const noexcept { return core_.locked(); }
    /// Who holds it; 0 when nobody does, or somebody who is no coroutine of weft.
    [[nodiscard]] coroutine_id owner() const noexcept { return core_.owner(); }
    [[nodiscard]] mutex_statistics statistics() const noexcept { return core_.statistics(); }

private:
    friend guard;
    friend detail::lock_awaiter<mutex>;
    friend class detail::condition_waiter;

    [[nodiscard]] bool take() noexcept { return core_.try_take(detail::key_of_running()); }
    void give_back() { core_.pass_on(); }

    detail::mutex_core core_;
};

}  // namespace weft
