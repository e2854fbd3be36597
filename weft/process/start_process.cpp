#include "weft/process/start_process.hpp"

#include "weft/base/error.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace weft::detail {
namespace {

constexpr int first_other = 3;  // after the standard streams

[[noreturn]] void fail_to_start(const command& what, int error, std::string_view doing = "") {
    std::string text = "starting '" + what.program() + "'";
    if (!what.directory().empty()) text += " in '" + what.directory() + "'";
    if (!doing.empty()) text += ": " + std::string(doing);
    throw_system_error(error, text);
}

void check_text(const std::string& text, const command& what) {
    if (text.find('\0') != std::string::npos)
        throw usage_error("subprocess::start(): what '" + what.program() +
                          "' is given has a character 0, which ends it: pass such bytes through "
                          "its input");
}

/// The arguments or the environment, as exec wants them.
class string_list {
public:
    void add(std::string one) { texts_.push_back(std::move(one)); }
    [[nodiscard]] char** data() {
        pointers_.clear();
        for (std::string& one : texts_) pointers_.push_back(one.data());
        pointers_.push_back(nullptr);
        return pointers_.data();
    }
    /// What begins with "name=".
    void remove(const std::string& name) {
        std::erase_if(texts_, [&](const std::string& one) {
            return one.size() > name.size() && one[name.size()] == '=' && one.starts_with(name);
        });
    }

private:
    std::vector<std::string> texts_;
    std::vector<char*> pointers_;
};

string_list arguments_of(const command& what) {
    string_list all;
    check_text(what.program(), what);
    all.add(what.program());
    for (const std::string& one : what.args()) {
        check_text(one, what);
        all.add(one);
    }
    return all;
}

string_list environment_of(const command& what) {
    string_list all;
    if (!what.clears_env())
        for (char** one = environ; one != nullptr && *one != nullptr; ++one) all.add(*one);
    for (const auto& [name, value] : what.env()) {
        check_text(name, what);
        if (name.empty() || name.find('=') != std::string::npos)
            throw usage_error("command::env(): '" + name +
                              "' names no variable: a name is not empty and has no '='");
        all.remove(name);
        if (!value) continue;
        check_text(*value, what);
        all.add(name + '=' + *value);
    }
    return all;
}

/// What posix_spawn is told; its functions fail for want of memory only.
class spawn_plan {
public:
    spawn_plan() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;
    ~spawn_plan() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

/// A process begins as one that a shell starts: nothing blocked, and what a program or its
/// libraries ignore for themselves is as it was. (What is caught is reset by exec.) SIGINT and its
/// like stay ignored, as by nohup.
void plan_signals(spawn_plan& plan, bool own_group) {
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&plan.attributes, &set);
    for (const int one : {SIGPIPE, SIGCHLD, SIGXFSZ}) ::sigaddset(&set, one);
    ::posix_spawnattr_setsigdefault(&plan.attributes, &set);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (own_group) {
        ::posix_spawnattr_setpgroup(&plan.attributes, 0);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    ::posix_spawnattr_setflags(&plan.attributes, flags);
}

/// The streams of a process that is to be started.
class stream_plan {
public:
    explicit stream_plan(const command& what) : what_(what) {
        add(0, what.input());
        add(1, what.output());
        add(2, what.errors());
    }

    void tell(spawn_plan& plan) const {
        for (int stream = 0; stream < first_other; ++stream)
            if (theirs_[stream])
                ::posix_spawn_file_actions_adddup2(&plan.actions, theirs_[stream].get(), stream);
        if (errors_to_output_) ::posix_spawn_file_actions_adddup2(&plan.actions, 1, 2);
        if (!what_.directory().empty())
            ::posix_spawn_file_actions_addchdir_np(&plan.actions, what_.directory().c_str());
        ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, first_other);
    }

    std::array<unique_fd, 3> ours;

private:
    void add(int stream, const std::optional<stdio>& given) {
        const stdio to = given.value_or(stdio::inherit());
        switch (to.where()) {
            case stdio::way::inherit: return;
            case stdio::way::null: {
                unique_fd opened(
                    ::open("/dev/null", (stream == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
                return take(stream, std::move(opened), "opening /dev/null");
            }
            case stdio::way::pipe: return add_pipe(stream);
            case stdio::way::descriptor:
                return take(stream, unique_fd(::fcntl(to.number(), F_DUPFD_CLOEXEC, first_other)),
                            describe_fd(to.number()));
            case stdio::way::to_output:
                if (stream != 2) throw usage_error("stdio::to_output() is for command::errors()");
                errors_to_output_ = true;
                return;
        }
    }

    void add_pipe(int stream) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_to_start(what_, errno, "making a pipe");
        unique_fd reader(ends[0]);
        unique_fd writer(ends[1]);
        ours[stream] = std::move(stream == 0 ? writer : reader);
        take(stream, std::move(stream == 0 ? reader : writer), "making a pipe");
    }

    /// Away from the numbers that are about to be replaced: this program may have closed its own.
    void take(int stream, unique_fd fd, const std::string& doing) {
        if (fd && fd.get() < first_other) fd.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, first_other));
        if (!fd) fail_to_start(what_, errno, doing);
        theirs_[stream] = std::move(fd);
    }

    const command& what_;
    std::array<unique_fd, 3> theirs_;
    bool errors_to_output_ = false;
};

/// The process as a descriptor: its number may be another's as soon as somebody has taken its
/// status. Until then nobody can have it: this comes too late only where nobody waits for children
/// at all (SIGCHLD is ignored), and then the kernel says that there is none.
unique_fd open_process(pid_t id, const command& what) {
    unique_fd opened(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
    if (opened) {
        siginfo_t unused{};
        const int waited = ::waitid(static_cast<idtype_t>(P_PIDFD), opened.get(), &unused,
                                    WEXITED | WNOHANG | WNOWAIT);
        // Gone, and its number is another's.
        if (waited != 0 && errno == ECHILD && ::kill(id, 0) == 0) opened.reset();
        return opened;
    }
    const int error = errno;
    if (error == ESRCH || error == EINVAL) return opened;
    ::kill(id, SIGKILL);
    while (::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {}
    fail_to_start(what, error, "watching it");
}

}  // namespace

started_process start_process(const command& what) {
    string_list arguments = arguments_of(what);
    string_list environment = environment_of(what);
    stream_plan streams(what);
    spawn_plan plan;
    streams.tell(plan);
    plan_signals(plan, what.has_own_group());
    // So that there will be one for the process.
    unique_fd kept_free(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!kept_free) fail_to_start(what, errno, "opening /dev/null");

    started_process made;
    const int error = ::posix_spawnp(&made.id, what.program().c_str(), &plan.actions,
                                     &plan.attributes, arguments.data(), environment.data());
    if (error != 0) fail_to_start(what, error);
    kept_free.reset();
    made.pidfd = open_process(made.id, what);
    made.ends = std::move(streams.ours);
    return made;
}

}  // namespace weft::detail
