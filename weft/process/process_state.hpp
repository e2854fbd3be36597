#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_awaiter.hpp"
#include "weft/io/owned_descriptor.hpp"
#include "weft/process/exit_status.hpp"

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>

/// A process that this program has started.
namespace weft::detail {

/// What is known of it, shared by its `subprocess` and those who wait for it. One thread, the
/// loop's.
class WEFT_EXPORT process_state {
public:
    process_state(std::string program, pid_t id, bool own_group);
    process_state(const process_state&) = delete;
    process_state& operator=(const process_state&) = delete;
    /// A process that has not ended by now is left to `reap_left`.
    ~process_state();

    /// Takes the status if it has ended. Whether it has.
    bool reap() noexcept;
    /// False: there is none any more to send it to. Throws `std::system_error`.
    bool send(int signal, bool to_group);
    /// The process, or its whole group if it has its own.
    bool send_to_all(int signal) { return send(signal, own_group); }
    /// The same by SIGKILL, whatever comes of it.
    void kill_all() noexcept;
    /// False in a child of fork, whose process it is not.
    [[nodiscard]] bool is_ours() const noexcept;

    const std::string program;
    const pid_t id;
    const bool own_group;
    bool killed = false;  ///< by `kill_all`: it ends soon
    owned_descriptor pidfd;
    std::optional<exit_status> status;

private:
    /// 0 or an errno.
    [[nodiscard]] int try_to_send(int signal, bool to_group) noexcept;

    unsigned fork_count_;
};

/// Waits for the end of a process.
class WEFT_EXPORT exit_awaiter : public awaiter<exit_awaiter, operation_waiter> {
public:
    explicit exit_awaiter(std::shared_ptr<process_state> of) noexcept
        : awaiter(operation_code::readable, of->pidfd.descriptor(), nullptr, 0),
          of_(std::move(of)) {}

    [[nodiscard]] bool try_now() noexcept { return of_->reap() || awaiter::try_now(); }
    exit_status finish();

private:
    std::shared_ptr<process_state> of_;
};

/// Nobody is interested in it any more, but its status has to be taken.
WEFT_EXPORT void reap_in_background(std::shared_ptr<process_state> one) noexcept;
/// Takes the status of those that were left, if they have ended. Any thread.
WEFT_EXPORT void reap_left() noexcept;

}  // namespace weft::detail
