#include "weft/process/process_state.hpp"

#include "weft/base/fd.hpp"
#include "weft/core/spawn.hpp"
#include "weft/io/fork_count.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace weft::detail {
namespace {

constexpr unsigned signal_process_group = 1u << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9

/// Processes that outlived the loop they were started on. Their descriptors are open until their
/// status is taken.
class left_processes {
public:
    void add(int pidfd) noexcept {
        try {
            const std::lock_guard lock(mutex_);
            all_.emplace_back(pidfd);
        } catch (...) {
            // It stays a zombie until this program ends.
        }
    }
    void reap() noexcept {
        const std::lock_guard lock(mutex_);
        std::erase_if(all_, [](const unique_fd& one) {
            siginfo_t info{};
            const int waited =
                ::waitid(static_cast<idtype_t>(P_PIDFD), one.get(), &info, WEXITED | WNOHANG);
            return waited != 0 ? errno == ECHILD : info.si_pid != 0;
        });
    }

private:
    std::mutex mutex_;
    std::vector<unique_fd> all_;
};

/// Never destroyed: what is left outlives everything.
left_processes& left() {
    static auto* const all = new left_processes;
    return *all;
}

exit_status status_of(const siginfo_t& info) noexcept {
    if (info.si_code == CLD_EXITED) return exit_status::exited(info.si_status);
    return exit_status::killed(info.si_status, info.si_code == CLD_DUMPED);
}

task<> reap_when_ended(std::shared_ptr<process_state> one) {
    co_await exit_awaiter(std::move(one));
}

}  // namespace

process_state::process_state(std::string name, pid_t number, bool group)
    : program(std::move(name)), id(number), own_group(group), fork_count_(fork_count()) {}

process_state::~process_state() {
    if (!is_ours() || !pidfd || reap()) return;
    if (killed) {
        // It cannot refuse; its memory is what takes time.
        constexpr int patience_ms = 200;
        pollfd ended{pidfd.descriptor(), POLLIN, 0};
        while (::poll(&ended, 1, patience_ms) < 0 && errno == EINTR) {}
        if (reap()) return;
    }
    const int kept = ::fcntl(pidfd.descriptor(), F_DUPFD_CLOEXEC, 0);
    if (kept >= 0) left().add(kept);
}

bool process_state::is_ours() const noexcept {
    return fork_count_again() == fork_count_;
}

bool process_state::reap() noexcept {
    if (status) return true;
    if (!pidfd) {
        status.emplace();
        return true;
    }
    siginfo_t info{};
    int waited = 0;
    do {
        waited =
            ::waitid(static_cast<idtype_t>(P_PIDFD), pidfd.descriptor(), &info, WEXITED | WNOHANG);
    } while (waited != 0 && errno == EINTR);
    if (waited == 0 && info.si_pid == 0) return false;
    if (waited == 0) {
        status = status_of(info);
        return true;
    }
    // It is no child: somebody has taken its status, or (SIGCHLD is ignored) nobody gets it, but it
    // may run yet.
    pollfd ended{pidfd.descriptor(), POLLIN, 0};
    if (::poll(&ended, 1, 0) == 0) return false;
    status.emplace();
    return true;
}

int process_state::try_to_send(int signal, bool to_group) noexcept {
    if (!pidfd || !is_ours()) return ESRCH;
    const auto send_with = [&](unsigned flags) {
        return ::syscall(SYS_pidfd_send_signal, pidfd.descriptor(), signal, nullptr, flags);
    };
    if (!to_group) return status ? ESRCH : send_with(0) == 0 ? 0 : errno;
    if (send_with(signal_process_group) == 0) return 0;
    if (errno != EINVAL) return errno;
    // An older kernel. Once its leader's status is taken, the number may be that of another group.
    if (status) return ESRCH;
    return ::kill(-id, signal) == 0 ? 0 : errno;
}

bool process_state::send(int signal, bool to_group) {
    const int error = try_to_send(signal, to_group);
    if (error == 0) return true;
    if (error == ESRCH) return false;
    throw_system_error(error, "sending signal " + std::to_string(signal) + " to '" + program +
                                  "' (process " + std::to_string(id) + ")");
}

void process_state::kill_all() noexcept {
    killed = true;
    static_cast<void>(try_to_send(SIGKILL, own_group));
}

exit_status exit_awaiter::finish() {
    if (of_->reap()) return *of_->status;
    // Without an end only when the driver has failed.
    static_cast<void>(checked_result(*this));
    throw_system_error(EIO, "waiting for '" + of_->program + "'");
}

void reap_in_background(std::shared_ptr<process_state> one) noexcept {
    if (one->reap() || the_scheduler == nullptr) return;
    try {
        spawn(reap_when_ended(std::move(one))).name("reap a process").detach();
    } catch (...) {
        // `one` is gone, and left.
    }
}

void reap_left() noexcept {
    left().reap();
}

}  // namespace weft::detail
