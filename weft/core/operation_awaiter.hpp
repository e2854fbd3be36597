#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/scheduler.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

/// Waiting for an operation of the driver.
namespace weft::detail {

WEFT_EXPORT extern const std::array<const wait_kind*, operation_code_count> operation_kinds;
[[nodiscard]] inline const wait_kind& kind_of(operation_code code) noexcept {
    return *operation_kinds[static_cast<std::size_t>(code)];
}
/// What a failed operation failed by.
[[nodiscard]] WEFT_EXPORT std::system_error error_of(const operation& op);
/// The result of an operation: throws `std::system_error` for what it failed by.
WEFT_EXPORT std::size_t checked_result(const operation& op);

/// An operation that is awaited (R3, R12): it is submitted by the await, and its memory, in the
/// frame or on the stack of who awaits, stays until the driver has completed it, cancelled or not.
/// For `awaiter<Derived, operation_waiter>`, where `Derived` says what comes of it.
class operation_waiter : public waiter, public operation {
public:
    operation_waiter(operation_code c, int fd, void* bytes, std::size_t n,
                     completion done = &completed) noexcept
        : waiter(kind_of(c)), operation(c, fd, bytes, n, done) {}

    [[nodiscard]] bool try_now() noexcept {
        return this_scheduler().world().submit(*this) == submission::done;
    }
    void start() noexcept { ++this_scheduler().operations; }

protected:
    ~operation_waiter() = default;

    static void completed(operation& op) noexcept {
        scheduler& home = this_scheduler();
        --home.operations;
        control_block& b = *static_cast<operation_waiter&>(op).block;
        if (op.cancelling && op.result == -ECANCELED) [[unlikely]]
            home.abandon(b);
        else
            home.wake(b);
    }
};

/// Gives the result.
class operation_awaiter : public awaiter<operation_awaiter, operation_waiter> {
public:
    using awaiter::awaiter;
    std::size_t finish() { return checked_result(*this); }
};

}  // namespace weft::detail
