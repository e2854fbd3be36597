#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/io/epoll_set.hpp"
#include "weft/io/kernel_driver.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

namespace weft {

/// What a `driver_epoll` has done since it was created.
class WEFT_EXPORT driver_epoll_stats {
public:
    driver_epoll_stats() noexcept = default;

    std::uint64_t waits = 0;        ///< calls of epoll_wait
    std::uint64_t events = 0;       ///< what they returned
    std::uint64_t watches = 0;      ///< how often a wait had to ask epoll_ctl
    std::uint64_t wake_writes = 0;  ///< how often the kernel was called to wake a waiting loop
};

/// The driver of Linux's epoll(7).
///
/// Rules:
/// 1. Attempt first, then wait. An operation waits only after its own attempt said EAGAIN, and an
///    event makes the first of the queue be attempted again, then the next, until one says EAGAIN.
///    So readiness need not be remembered: an edge that nobody waited for is seen by the attempt of
///    who comes next, and one between an attempt and the first watch is reported by the watch.
///    One attempt is left out, as its answer is known: a receive from a TCP socket whose last one
///    got less than it asked for, with no event since (epoll(7) allows it). Of a socket that has
///    ever reported an end, an error or urgent data, nothing is known.
/// 2. While somebody waits in a direction, whoever comes later joins the queue unattempted: FIFO.
/// 3. Results are gathered first, completed afterwards: what a completion does (submit, cancel,
///    close) meets no half-processed queue. An operation with a result cannot be cancelled any
///    more: the result wins.
/// 4. An adopted descriptor is watched once and stays watched until `close`: no epoll_ctl a wait
///    (as in libuv, Tokio and Go; it costs as much as a read, 420 ns). One that was never adopted
///    may be closed and its number reused behind our back, so each wait on it asks epoll_ctl
///    whether it is still the same file; `adopt` asks that too. Whoever still waits for the old
///    file is completed with -EBADF.
/// 5. What epoll refuses with EPERM (regular files, directories) never says EAGAIN and so never
///    gets that far: it is read and written at once, as long as the disk takes.
/// 6. In a child of fork, nothing of this is the child's: submissions are done with -EBADF,
///    `is_stuck` is true, `park` only lets time pass, destruction only closes descriptors. The
///    kernel's set is shared with the parent, and taking a descriptor out of it would be felt
///    there.
/// 7. Nested in another poll (`descriptor`) it is armed as if it waited: whoever wakes it writes to
///    the eventfd.
///
/// Limitation: an adopted descriptor that is closed by ::close under a waiter leaves it waiting,
/// until the number is adopted again; no kernel interface tells.
class WEFT_EXPORT driver_epoll final : public detail::kernel_driver {
public:
    /// Throws `std::system_error` (too many open files: EMFILE, ENFILE).
    driver_epoll();
    ~driver_epoll() override;

    [[nodiscard]] const char* name() const noexcept override;
    [[nodiscard]] submission submit(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    void park(clock::time_point deadline) noexcept override;
    /// The epoll set's own: watched by another poll, it is readable when a member has an event. A
    /// timerfd in it carries the deadline.
    [[nodiscard]] int descriptor() override;
    bool prepare(clock::time_point deadline) noexcept override;
    int adopt(int descriptor) noexcept override;
    int close(int descriptor) noexcept override;

    [[nodiscard]] driver_epoll_stats stats() const noexcept;
    /// Waits in milliseconds, as on kernels without epoll_pwait2. For tests.
    void set_coarse(bool coarse) noexcept { set_.set_coarse(coarse); }

private:
    using entry = detail::descriptor_entry;

    static constexpr std::size_t events_max = 1024;
    // Of no descriptor: their low halves are negative.
    static constexpr std::uint64_t wake_tag = ~std::uint64_t{0};
    static constexpr std::uint64_t alarm_tag = wake_tag - 1;
    /// The `result` of an operation that waits; one that is complete but not reported has its own.
    static constexpr std::int64_t no_result = INT64_MIN;

    int own(int fd) noexcept override;
    [[nodiscard]] std::int64_t attempt_on(entry* e, const operation& op) noexcept;
    [[nodiscard]] int watch(int fd, entry& e) noexcept;
    void finish(operation& op, std::int64_t result) noexcept;
    void attempt_all(entry& e, detail::direction way) noexcept;
    void fail_all(entry& e) noexcept;
    void take_all(entry& e, detail::operation_queue& into) noexcept;
    void gather(clock::duration timeout) noexcept;
    void report() noexcept;

    detail::epoll_set set_;
    /// Operations that have a result and are to be completed by the next `report`.
    detail::operation_queue finished_;
    /// How many operations wait in queues of the table; while none does, a poll asks nobody.
    std::size_t waiting_count_ = 0;
    driver_epoll_stats stats_;
    std::array<epoll_event, events_max> events_;
};

}  // namespace weft
