#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/io/kernel_driver.hpp"
#include "weft/io/uring_ring.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weft {

/// What a `driver_uring` has done since it was created.
class WEFT_EXPORT driver_uring_stats {
public:
    driver_uring_stats() noexcept = default;

    std::uint64_t enters = 0;       ///< calls of io_uring_enter, but for those that liburing makes
    std::uint64_t requests = 0;     ///< operations given to the kernel, again after a vain one
    std::uint64_t cancels = 0;      ///< how many of them it was asked to give back
    std::uint64_t completions = 0;  ///< what it has reported
    std::uint64_t wake_writes = 0;  ///< how often the kernel was called to wake a waiting loop
};

/// The driver of Linux's io_uring(7), from Linux 5.13 on. A minimal one: the kernel performs what
/// waits, and owns the memory of it until it says that it is done.
///
/// Rules:
/// 1. Attempt first, then wait: an operation is given to the kernel only after its own attempt
///    said EAGAIN (or, as in `driver_epoll`, when that is known). It performs reads and writes,
///    receives, sends and accepts; for the rest (readiness, connect, send_file, and whatever it
///    answers EAGAIN itself) it tells when, and the driver makes the attempt.
/// 2. Of those that wait on one descriptor and direction the first alone is with the kernel: FIFO.
///    When it is complete, the next is attempted. So the kernel has one send of a socket at most.
/// 3. Nothing is submitted but by `park`, `prepare`, and `close`: all that is new goes in the call
///    that waits. An operation that is cancelled before was never the kernel's.
/// 4. What the kernel has stays where it is until its completion is taken. `cancel` asks for that;
///    a result that came first wins. `close` asks and waits for it: no operation outlives its
///    descriptor, the file is closed when `close` returns, and nobody is told before the kernel has
///    let go of the memory. What was performed meanwhile keeps its result, and is completed by the
///    next `park`.
/// 5. Results are gathered first, completed afterwards, as by `driver_epoll`.
/// 6. A descriptor that was never adopted may be closed and its number reused behind our back. So
///    the kernel tells readiness of it and performs nothing, and each operation waits by itself,
///    for the file that has the number then, which it keeps open. What is asked of files
///    (`is_of_file`) is performed, by as many at a time as there are: who opened one closes it by
///    `close`.
/// 7. The ring belongs to the thread that parks. When the loop goes to another thread it gets
///    another one, and what the kernel had is given to it again. The first thread has ended then.
/// 8. In a child of fork, nothing of this is the child's, as in `driver_epoll`: the ring is not
///    entered.
/// 9. Nested in another poll (`descriptor`) it is armed as if it waited, and the ring is not
///    exclusive: that poll may say EINTR more often.
///
/// Limitations: several operations on a descriptor that was never adopted are served in the order
/// in which the kernel wakes them, and one whose number was closed behind our back waits on for
/// its file; an adopted one that was closed so is told when the number is adopted again or
/// opened by the driver. Nothing of what makes io_uring fast (registered buffers and files,
/// multishot requests) is used yet.
class WEFT_EXPORT driver_uring final : public detail::kernel_driver {
public:
    /// With room for that many requests in one submission; more are submitted in several. Without
    /// an exclusive ring it works as on kernels before Linux 6.1: for tests. Throws
    /// `std::system_error`: ENOSYS, EPERM (see `why_no_io_uring`), ENOMEM, EMFILE.
    explicit driver_uring(unsigned entries = 256, bool may_be_exclusive = true);
    ~driver_uring() override;

    [[nodiscard]] const char* name() const noexcept override;
    [[nodiscard]] bool performs_files() const noexcept override { return true; }
    [[nodiscard]] submission submit(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    void park(clock::time_point deadline) noexcept override;
    /// The ring's own: readable when there are completions. A timerfd that it watches carries the
    /// deadline.
    [[nodiscard]] int descriptor() override;
    bool prepare(clock::time_point deadline) noexcept override;
    int adopt(int descriptor) noexcept override;
    int close(int descriptor) noexcept override;

    [[nodiscard]] driver_uring_stats stats() const noexcept;
    /// How many operations the kernel has.
    [[nodiscard]] std::size_t in_kernel() const noexcept { return in_kernel_; }

private:
    using entry = detail::descriptor_entry;

    // Tags that are no address of an operation, which is the tag of what it asks.
    static constexpr std::uint64_t wake_tag = 1;
    static constexpr std::uint64_t alarm_tag = 3;
    static constexpr std::uint64_t answer_tag = 5;
    static constexpr std::uint64_t unheeded_tag = 7;

    void bind() noexcept;
    void renew_ring() noexcept;
    void recall_all() noexcept;
    void take_back_all() noexcept;
    int own(int fd) noexcept override;
    [[nodiscard]] std::int64_t attempt_on(entry* e, const operation& op) noexcept;
    [[nodiscard]] std::int64_t noted(entry* e, const operation& op, std::int64_t result) noexcept;
    void is_due(int fd, entry& e) noexcept;
    void tell_all() noexcept;
    [[nodiscard]] bool tell(entry& e) noexcept;
    [[nodiscard]] bool give(const entry& e, operation& op) noexcept;
    [[nodiscard]] bool ask_back(operation& op) noexcept;
    [[nodiscard]] bool ask_back_orphans() noexcept;
    void await_orphans() noexcept;
    [[nodiscard]] bool is_still_file_of(int fd, const entry& e) noexcept;
    void orphan(entry& e, detail::operation_queue& not_in_kernel) noexcept;
    void fail_all(entry& e) noexcept;
    void submit_requests() noexcept;
    int wait(clock::duration timeout) noexcept;
    void take_completions() noexcept;
    void taken(const detail::uring_completion& one) noexcept;
    void over(operation& op, std::int64_t result) noexcept;
    void orphan_over(operation& op, std::int64_t result) noexcept;
    void advance(int fd, entry& e, detail::direction way) noexcept;
    void finish(operation& op, std::int64_t result) noexcept;
    [[nodiscard]] bool has_results() const noexcept {
        return !finished_.empty() || !closed_.empty();
    }
    void report() noexcept;
    void watch_own() noexcept;

    unsigned entries_;
    bool may_be_exclusive_;
    std::unique_ptr<detail::uring_ring> ring_;
    /// The number of the thread that the ring belongs to; 0 before the first `park`.
    std::uint64_t thread_ = 0;
    bool wake_is_watched_ = false;
    bool alarm_is_watched_ = false;
    /// The descriptors that have something to tell the kernel: their numbers, linked by
    /// `next_due`.
    int due_first_ = -1;
    int due_last_ = -1;
    /// Operations of descriptors that are closed, which the kernel has yet to give back.
    detail::operation_queue orphans_;
    /// Those that it gave back.
    detail::operation_queue closed_;
    /// Operations that have a result and are to be completed by the next `report`.
    detail::operation_queue finished_;
    /// All that are pending and have no result.
    std::size_t waiting_count_ = 0;
    std::size_t in_kernel_ = 0;
    std::int64_t answer_ = 0;  ///< to the last `cancel_all_of`
    driver_uring_stats stats_;
};

/// Why there can be no `driver_uring` here, and what to do about it; empty when there can. Tried
/// once a process.
[[nodiscard]] WEFT_EXPORT const std::string& why_no_io_uring();

}  // namespace weft
