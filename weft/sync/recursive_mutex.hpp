#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/mutex_core.hpp"

#include <cstddef>

/// A mutex that its owner may lock again.
namespace weft {

/// As `mutex`, but the coroutine that holds it may lock it again, and holds it until every guard
/// has gone.
///
/// ```cpp
/// inline weft::task<> inner(weft::recursive_mutex& m) { auto held = co_await m.lock(); }
/// inline weft::task<> outer(weft::recursive_mutex& m) {
///     auto held = co_await m.lock();
///     co_await inner(m);  // the same coroutine
/// }
/// ```
///
/// A coroutine that is spawned is another one, and waits. A coroutine of another library counts as
/// who runs it; one that had to wait is not recognised again, and would wait for itself.
class WEFT_EXPORT recursive_mutex {
public:
    using guard = owning_guard<recursive_mutex>;

    recursive_mutex() noexcept = default;
    recursive_mutex(const recursive_mutex&) = delete;
    recursive_mutex& operator=(const recursive_mutex&) = delete;

    /// Awaited, gives a guard that holds it once.
    [[nodiscard]] detail::lock_awaiter<recursive_mutex> lock() noexcept {
        return detail::lock_awaiter<recursive_mutex>(*this);
    }
    [[nodiscard]] guard try_lock() noexcept {
        return take_as(detail::key_of_caller()) ? guard(*this) : guard();
    }
    /// Once, by its owner, in place of a guard that was `detach()`ed; else a `usage_error`.
    void unlock() {
        core_.check_unlock("recursive_mutex");
        give_back();
    }

    [[nodiscard]] bool locked() const noexcept { return core_.locked(); }
    /// How many times its owner has locked it.
    [[nodiscard]] std::size_t depth() const noexcept { return locked() ? again_ + 1 : 0; }
    /// Who holds it; 0 when nobody does, or somebody who is no coroutine of weft.
    [[nodiscard]] coroutine_id owner() const noexcept { return core_.owner(); }
    [[nodiscard]] mutex_statistics statistics() const noexcept { return core_.statistics(); }

private:
    friend guard;
    friend detail::lock_awaiter<recursive_mutex>;

    [[nodiscard]] bool take() noexcept { return take_as(detail::key_of_running()); }
    [[nodiscard]] bool take_as(detail::owner_key me) noexcept {
        if (core_.try_take(me)) return true;
        if (!core_.held_by(me)) return false;
        ++again_;
        return true;
    }
    void give_back() {
        if (again_ > 0)
            --again_;
        else
            core_.pass_on();
    }

    detail::mutex_core core_;
    std::size_t again_ = 0;  ///< beyond the first; 0 whenever it changes hands
};

}  // namespace weft
