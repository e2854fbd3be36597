#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/scheduler.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Waiting for an operation of the driver.
namespace weft::detail {

[[nodiscard]] WEFT_EXPORT const wait_kind& kind_of(operation_code code) noexcept;
/// The result of an operation: throws `cancelled` when it was given up because of a cancellation,
/// and `std::system_error` for what else it failed by.
WEFT_EXPORT std::size_t checked_result(const operation& op, control_block* waited);

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
    std::size_t finish() { return checked_result(*this, block); }

private:
    static void completed(operation& op) noexcept {
        scheduler& home = this_scheduler();
        --home.operations;
        home.wake(*static_cast<operation_awaiter&>(op).block);
    }
};

}  // namespace weft::detail
