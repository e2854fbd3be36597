#include "weft/core/sleep.hpp"

namespace weft {

clock::time_point clock::now() noexcept {
    detail::scheduler* const home = detail::the_scheduler;
    if (home != nullptr) return home->world().now();
    return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

namespace detail {

const wait_kind sleep_kind{
    "sleep",
    [](waiter& w) noexcept {
        auto& self = static_cast<sleep_awaiter&>(w);
        scheduler& home = this_scheduler();
        home.timers().cancel(self);
        home.abandon(*self.block);
    },
    [](waiter& w) noexcept {
        control_block& b = *w.block;
        // It will probably end soon, and be taken out from between these two.
        __builtin_prefetch(b.scope_prev, 1);
        __builtin_prefetch(b.scope_next, 1);
        this_scheduler().wake(b);
    },
};

const wait_kind yield_kind{"yield", nullptr, nullptr};

}  // namespace detail
}  // namespace weft
