#include "weft/sync/async_result.hpp"

namespace weft::detail {

const wait_kind async_result_kind{"async_result", &leave_queue};

void any_async_result::check_open() const {
    if (ready())
        throw usage_error("async_result: it was set already: set it once, or make another one "
                          "for each answer");
    if (!waiters_.empty()) static_cast<void>(waiters_.home("async_result::set_value()"));
}

void any_async_result::set_error(std::exception_ptr error) {
    if (!error) throw usage_error("async_result::set_error(): of no error: set_value() instead");
    check_open();
    error_ = std::move(error);
    wake_all(state::error);
}

void any_async_result::wake_all(state becomes) noexcept {
    state_ = becomes;
    waiters_.each([](queued_waiter& w) { this_scheduler().wake(*w.block); });
}

void any_async_result::refuse_unready() {
    throw usage_error("async_result: it is not ready: await get(), or ask ready()");
}

}  // namespace weft::detail
