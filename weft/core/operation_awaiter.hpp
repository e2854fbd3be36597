#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/scheduler.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Waiting for an operation of the driver.
namespace weft::detail {

[[nodiscard]] WEFT_EXPORT const wait_kind& kind_of(operation_code code) noexcept;
/// The result of an operation: throws `std::system_error` for what it failed by.
WEFT_EXPORT std::size_t checked_result(const operation& op);

/// An operation that is awaited (R3, R12): it is submitted by the await, and its memory, in the
/// frame or on the stack of who awaits, stays until the driver has completed it, cancelled or not.
class operation_awaiter : public awaiter<operation_awaiter>, public operation {
public:
    operation_awaiter(operation_code c, int fd, void* bytes, std::size_t n) noexcept
        : awaiter(kind_of(c)), operation(c, fd, bytes, n, &completed) {}

    [[nodiscard]] bool try_now() noexcept {
        return this_scheduler().world().submit(*this) == submission::done;
    }
    void start() noexcept { ++this_scheduler().operations; }
    std::size_t finish() { return checked_result(*this); }

private:
    static void completed(operation& op) noexcept {
        scheduler& home = this_scheduler();
        --home.operations;
        control_block& b = *static_cast<operation_awaiter&>(op).block;
        if (op.cancelling && op.result == -ECANCELED) [[unlikely]]
            home.abandon(b);
        else
            home.wake(b);
    }
};

}  // namespace weft::detail
