#pragma once

#include "weft/base/export.hpp"
#include "weft/core/driver.hpp"
#include "weft/io/deadline_alarm.hpp"
#include "weft/io/descriptor_table.hpp"
#include "weft/io/fork_count.hpp"
#include "weft/io/kernel_sockets.hpp"
#include "weft/io/wake_event.hpp"

#include <array>

namespace weft::detail {

/// What the drivers have in common whose descriptors are the kernel's.
///
/// In a child of fork nothing of it is the child's: what a driver does there is asked of
/// `is_forked` first.
class WEFT_EXPORT kernel_driver : public driver {
public:
    void wake() noexcept final;
    [[nodiscard]] clock::time_point now() noexcept final;
    /// True in a child of fork, where nothing that is pending can complete.
    [[nodiscard]] bool is_stuck() const noexcept final { return is_forked(); }
    [[nodiscard]] bool is_of_kernel() const noexcept final { return true; }
    [[nodiscard]] std::array<int, 2> open_pipe() final;
    [[nodiscard]] socket_calls& sockets() final { return sockets_; }

protected:
    /// Throws `std::system_error` (too many open files).
    kernel_driver();
    ~kernel_driver() override;

    [[nodiscard]] bool is_forked() const noexcept { return fork_count_again() != fork_count_; }
    /// A descriptor was just opened, non-blocking: nothing that is known of its number holds. 0, or
    /// the negative of an errno.
    virtual int own(int fd) noexcept = 0;
    /// The same of a socket that was accepted, which is closed when it cannot be noted. The socket,
    /// or the negative of an errno.
    [[nodiscard]] int own_accepted(int socket) noexcept;
    [[nodiscard]] static int make_non_blocking(int fd) noexcept;
    /// Throws where the loop belongs to the parent process.
    void refuse_forked(const char* attempt) const;
    /// Lets time pass, and nothing else.
    void park_in_child(clock::time_point deadline) noexcept;

    wake_event wake_;
    /// Made when the driver's descriptor is first asked for.
    deadline_alarm alarm_;
    descriptor_table table_;

private:
    class owned_sockets final : public kernel_sockets {
    public:
        explicit owned_sockets(kernel_driver& of) noexcept : of_(of) {}

    private:
        int opened(int socket) noexcept override { return of_.own(socket); }
        kernel_driver& of_;
    };

    owned_sockets sockets_{*this};
    unsigned fork_count_;
};

}  // namespace weft::detail
