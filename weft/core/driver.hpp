#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/socket_calls.hpp"

#include <array>
#include <cstdint>
#include <memory>

/// The one seam between a loop and the world: everything that can block, and the time.
namespace weft {

enum class submission : bool { pending, done };

/// What performs operations and lets time pass. Nothing above calls the kernel around it, so that
/// one seam carries epoll, io_uring and the simulator.
///
/// Rules:
/// 1. All but `wake` belong to the loop's thread. None of it throws for what the world does: that
///    is the result of an operation.
/// 2. `submit` makes the first attempt itself: an operation that can be performed at once is `done`
///    when it returns, with its `result` set, and is not `complete`d. A pending one is the driver's
///    until it is complete.
/// 3. `cancel` is a request. The operation completes later, from `park`, with `-ECANCELED`, or with
///    its result when that came first: what was read is not lost.
/// 4. Several operations may wait on one descriptor and direction; those that came first are
///    attempted first.
/// 5. It is destroyed with no operation pending.
class WEFT_EXPORT driver {
public:
    driver() noexcept = default;
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;
    virtual ~driver();

    /// "epoll", "io_uring", "simulator".
    [[nodiscard]] virtual const char* name() const noexcept = 0;

    [[nodiscard]] virtual submission submit(operation& op) noexcept = 0;
    virtual void cancel(operation& op) noexcept = 0;

    /// Completes what is complete. When nothing is, waits until something is, `wake` is called or
    /// `deadline` has come; with a deadline that has passed (`clock::time_point::min()`) it never
    /// waits, with `clock::never` as long as it takes. May return early with nothing.
    virtual void park(clock::time_point deadline) noexcept = 0;

    /// Makes a `park` that waits, or the next one, return. Any thread; calls may be merged.
    virtual void wake() noexcept = 0;

    [[nodiscard]] virtual clock::time_point now() noexcept = 0;

    /// Nobody but this loop could complete what is pending: a `park` without a deadline would never
    /// return. Only a driver that is the whole world can tell.
    [[nodiscard]] virtual bool is_stuck() const noexcept;

    /// Its time is its own: nothing outside of it may be waited for together with it.
    [[nodiscard]] virtual bool is_virtual() const noexcept { return false; }

    /// For a loop that is run by another: a descriptor that is readable when a `park` would have
    /// something to complete, and from the deadline of the last `prepare` on. Throws `usage_error`
    /// when the driver has none, and `std::system_error`.
    [[nodiscard]] virtual int descriptor();
    /// Somebody else is going to wait for the descriptor, instead of a `park` until `deadline`.
    /// False when there is something to do at once; the descriptor is readable then.
    virtual bool prepare(clock::time_point deadline) noexcept;

    /// Threads begin, or cease, to compute something that the loop waits for, and that takes real
    /// time. A driver whose time is virtual must not let it run ahead meanwhile. May be nested.
    virtual void await_real_work(bool begins) noexcept;

    /// Its descriptors are those of the kernel: what else opens some there, and processes, may be
    /// used on it. False where the world is simulated.
    [[nodiscard]] virtual bool is_of_kernel() const noexcept;
    /// It performs `read_at`, `write_at`, `sync` and `sync_data` whatever the disk takes. One that
    /// does not is done with them at once: their result is `-EAGAIN` when they would block.
    [[nodiscard]] virtual bool performs_files() const noexcept;

    /// A pipe, non-blocking where the driver wants it so and closed on exec: the end to read from,
    /// then the one to write to. Throws `std::system_error`.
    [[nodiscard]] virtual std::array<int, 2> open_pipe() = 0;

    /// Its sockets. The default throws `usage_error`: it has none.
    [[nodiscard]] virtual socket_calls& sockets();

    /// Makes `descriptor`, which somebody else has opened, fit for operations (non-blocking, say).
    /// Returns 0 or the negative of an `errno`.
    virtual int adopt(int descriptor) noexcept = 0;

    /// Closes a descriptor; whoever waits on it is woken with `-EBADF`. Returns 0 or the negative
    /// of an `errno`.
    virtual int close(int descriptor) noexcept = 0;
};

/// The drivers of this machine. They are defined by weft/io.
enum class driver_kind : std::uint8_t { epoll, io_uring };

/// The best driver for this machine, or the one that the environment asks for:
/// `WEFT_DRIVER=epoll` or `WEFT_DRIVER=io_uring`. Throws `usage_error` when that names none, and
/// `std::system_error` when there cannot be one.
[[nodiscard]] WEFT_EXPORT std::unique_ptr<driver> make_driver();
/// One of that kind. Throws `std::system_error`.
///
/// ```cpp
/// const auto how = weft::options().driver(
///     [] { return weft::make_driver(weft::driver_kind::io_uring); });
/// ```
[[nodiscard]] WEFT_EXPORT std::unique_ptr<driver> make_driver(driver_kind kind);
/// Whether that kind works on this machine, and in this build: tried once a process.
[[nodiscard]] WEFT_EXPORT bool is_possible(driver_kind kind) noexcept;

}  // namespace weft
