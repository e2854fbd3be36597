#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/operation_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace weft::detail {

/// What the kernel says of a request that is over.
struct uring_completion {
    std::uint64_t tag;
    std::int32_t result;
    bool is_last;  ///< of a request that reports more than once
};

/// The two rings that io_uring(7) shares with the kernel, by way of liburing, whose headers are
/// not those of its users.
///
/// Rules:
/// 1. A request carries a tag, which its completion brings back. Requests are taken by the kernel
///    in the order in which they were prepared, by `submit` and `wait`.
/// 2. To prepare one may need the room that others have: they are submitted then. It fails (false)
///    only when the kernel takes none now: take completions and try again.
/// 3. An exclusive ring, which is what the kernel serves best, belongs to the thread that called
///    `enable`; it does what completes requests in `wait` and `take` alone, and so never
///    interrupts the thread. Older kernels have none: Linux 6.1 does.
class WEFT_EXPORT uring_ring {
public:
    /// Room for that many requests that are not submitted, and sixteen times as many completions;
    /// more of these are kept by the kernel. Throws `std::system_error`: ENOSYS (no io_uring, in
    /// the kernel or in this build), EPERM (forbidden), ENOMEM, EMFILE.
    explicit uring_ring(unsigned entries, bool may_be_exclusive = true);
    uring_ring(const uring_ring&) = delete;
    uring_ring& operator=(const uring_ring&) = delete;
    ~uring_ring();

    [[nodiscard]] bool is_exclusive() const noexcept;
    /// The calling thread is its thread. Returns 0 or the negative of an `errno`.
    int enable() noexcept;
    /// Readable when `take` would have something. Of an exclusive ring that is told only to those
    /// who look: it wakes nobody who waits for its descriptor (nor does IORING_REGISTER_EVENTFD do,
    /// for a request on an eventfd; Linux 6.18).
    [[nodiscard]] int descriptor() const noexcept;

    /// Whether the kernel can do by itself what `code` asks; for the rest it can tell when to try.
    [[nodiscard]] static bool performs(operation_code code) noexcept;
    /// What `op` asks. The kernel owns the memory of it until its completion.
    [[nodiscard]] bool perform(const operation& op, std::uint64_t tag) noexcept;
    /// One completion, when `fd` is ready in that direction.
    [[nodiscard]] bool poll(int fd, direction way, std::uint64_t tag) noexcept;
    /// A completion each time that `fd` becomes readable.
    [[nodiscard]] bool watch(int fd, std::uint64_t tag) noexcept;
    /// Asks for the end of the request with the tag `of`. What becomes of this is of no interest,
    /// but may be reported, with the tag `tag`.
    [[nodiscard]] bool cancel(std::uint64_t of, std::uint64_t tag) noexcept;
    /// The same for all that are for the file which `fd` is now. The result is how many these are
    /// (or -ENOENT for none), or the negative of an `errno`: kernels before Linux 5.19 cannot tell.
    [[nodiscard]] bool cancel_all_of(int fd, std::uint64_t tag) noexcept;
    /// The same for all that there are. REQUIRES: is_exclusive().
    [[nodiscard]] bool cancel_all(std::uint64_t tag) noexcept;

    [[nodiscard]] bool has_unsubmitted() const noexcept;
    /// 0, or the negative of an `errno`.
    int submit() noexcept;
    /// Submits, and waits until there is a completion, at most for `timeout`; negative: as long as
    /// it takes. 0, -ETIME, -EINTR, or the negative of another `errno`.
    int wait(clock::duration timeout) noexcept;
    /// Returns how many it has written, 0 when there are none.
    [[nodiscard]] std::size_t take(std::span<uring_completion> into) noexcept;

private:
    struct rings;

    std::unique_ptr<rings> rings_;
};

}  // namespace weft::detail
