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
    [](waiter& w) noexcept { this_scheduler().wake(*w.block); },
};

const wait_kind yield_kind{"yield", nullptr, nullptr};

}  // namespace detail
}  // namespace weft
