#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace weft::detail {

/// The kernel's set of watched descriptors: epoll(7), edge-triggered.
///
/// A descriptor is watched for everything at once (input, output, the peer's end) and stays in the
/// set, so that a wait costs no system call of its own; a member is told of each change once.
///
/// What the kernel does, and the driver relies on:
/// - A member is a pair of the open file and the number. It leaves the set by itself when the file
///   is closed for good, not before: with a duplicate elsewhere it stays, and goes on reporting.
/// - `watch` reports what is ready already, as an event of the next `wait`; so does watching a
///   member again. Nothing that happens between an attempt and the watch is lost.
class WEFT_EXPORT epoll_set {
public:
    /// Throws `std::system_error`.
    epoll_set();

    enum class membership : std::uint8_t {
        added,  ///< this number was no member, or one with another file, closed since
        kept,   ///< the same file as before
        refused,
    };
    struct answer {
        membership is;
        int error = 0;  ///< why it was refused: EPERM (such files are always ready), ENOSPC, EBADF…
    };
    /// Watches `fd` and reports its events with `tag`. `likely_member` saves a system call when it
    /// is right.
    answer watch(int fd, std::uint64_t tag, bool likely_member) noexcept;
    /// As `watch`, but only if it is a member.
    answer watch_again(int fd, std::uint64_t tag) noexcept;
    /// Watches a descriptor of the driver's own, for input only. Throws `std::system_error`.
    void watch_wake(int fd, std::uint64_t tag);
    void forget(int fd) noexcept;
    [[nodiscard]] int descriptor() const noexcept { return set_.get(); }

    /// Waits for events at most for `timeout`; negative: as long as it takes. Returns how many
    /// there are, 0 also when a signal came.
    [[nodiscard]] std::size_t wait(std::span<epoll_event> events, clock::duration timeout) noexcept;

    /// Waits in milliseconds, rounded up, as on kernels without epoll_pwait2 (before Linux 5.11;
    /// some sandboxes refuse it). For tests.
    void set_coarse(bool coarse) noexcept { is_coarse_ = coarse; }

private:
    unique_fd set_;
    bool is_coarse_ = false;
};

}  // namespace weft::detail
