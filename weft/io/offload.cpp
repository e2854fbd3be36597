#include "weft/io/offload.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"

namespace weft {
namespace detail {

void give_up_offload(waiter& w) noexcept {
    auto& self = static_cast<offload_waiter&>(w);
    if (!self.give_up()) return;
    this_scheduler().world().await_real_work(false);
    self.abandon();
}

namespace {
constexpr wait_kind offload_kind{"offload", &give_up_offload};
}  // namespace

offload_waiter::offload_waiter() noexcept : remote_waiter(offload_kind) {}

void offload_waiter::check_first() {
    if (begun_)
        throw usage_error("offload(): one call is awaited once: call offload() again for another");
}

void offload_waiter::begin_offload() noexcept {
    begun_ = true;
    scheduler& home = this_scheduler();
    begin(home);
    home.world().await_real_work(true);
}

void offload_waiter::end_offload() {
    this_scheduler().world().await_real_work(false);
    if (refused_) std::rethrow_exception(refused_);
}

void offload_waiter::submit(offload_job& job) noexcept {
    try {
        offload_pool::of(this_scheduler()).submit(job);
    } catch (...) {
        refused_ = std::current_exception();
        wake();
    }
}

}  // namespace detail

offload_pool_statistics offload_statistics() {
    return detail::offload_pool::of(detail::scheduler_for("offload_statistics()")).statistics();
}

}  // namespace weft
