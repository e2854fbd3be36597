#include "bench_process.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace weft::tool {
namespace {

namespace fs = std::filesystem;

// As the shell has it; the programs use it for a peer that is absent.
constexpr int exit_not_installed = 127;

constexpr int realtime_priority = 1;  // the lowest
bool realtime_children = false;

/// What this process was allowed before it was pinned; none before.
std::optional<cpu_set_t> all_processors;

[[noreturn]] void throw_errno(int error, const std::string& attempted) {
    throw std::system_error(error, std::generic_category(), attempted);
}

// Both ends are closed on exec: the program gets a copy of one as its standard output.
class pipe_ends {
public:
    pipe_ends() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw_errno(errno, "a pipe to a benchmark");
    }
    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;
    ~pipe_ends() {
        close_write();
        ::close(ends_[0]);
    }
    [[nodiscard]] int write_end() const { return ends_[1]; }
    void close_write() {
        if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
    }
    [[nodiscard]] std::string read_all() const {
        std::string text;
        std::array<char, 4096> block;
        for (;;) {
            const ssize_t got = ::read(ends_[0], block.data(), block.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return text;
            text.append(block.data(), static_cast<std::size_t>(got));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace

fs::path find_bench_programs() {
    const auto has_programs = [](const fs::path& folder) {
        std::error_code ignored;
        return fs::exists(folder / "generator_for", ignored);
    };
    if (const char* const named = std::getenv("WEFT_BENCH_DIR"); named != nullptr && *named != 0) {
        if (has_programs(named)) return named;
        throw std::runtime_error(
            fmt::format("no benchmark programs in WEFT_BENCH_DIR, which is '{}'", named));
    }
    const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
    for (const char* relative : {"../../bench", "../libexec/weft/bench"})
        if (has_programs(here / relative)) return (here / relative).lexically_normal();
    throw std::runtime_error(
        "the benchmarks are not built beside this program; in weft's source tree, build both with\n"
        "  cmake --preset bench && cmake --build --preset bench\n"
        "and run build/bench/tools/weft/weft bench; or name their folder in WEFT_BENCH_DIR");
}

int pin_to_cpu(std::optional<int> wanted) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        throw_errno(errno, "which processors may be used");
    all_processors = allowed;
    int cpu = CPU_SETSIZE - 1;
    if (wanted) {
        cpu = *wanted;
        if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed))
            throw std::runtime_error(fmt::format("--cpu {}: this process may not use it", cpu));
    } else {
        while (cpu > 0 && !CPU_ISSET(cpu, &allowed)) --cpu;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (::sched_setaffinity(0, sizeof one, &one) != 0)
        throw_errno(errno, fmt::format("pinning to processor {}", cpu));
    return cpu;
}

void make_realtime() {
    sched_param priority{};
    priority.sched_priority = realtime_priority;
    if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
        throw_errno(errno, "--realtime (it takes root, or the capability CAP_SYS_NICE)");
    // It was a trial: this process itself must not keep others from ending its children.
    priority.sched_priority = 0;
    if (::sched_setscheduler(0, SCHED_OTHER, &priority) != 0) throw_errno(errno, "--realtime");
    realtime_children = true;
}

bench_output run_bench_program(std::vector<std::string> command) {
    const std::string name = fs::path(command.front()).filename();
    bench_output result;
    if (::access(command.front().c_str(), X_OK) != 0) {
        result.not_installed = true;
        return result;
    }
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    pipe_ends output;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDOUT_FILENO);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    if (realtime_children) {
        sched_param priority{};
        priority.sched_priority = realtime_priority;
        ::posix_spawnattr_setschedpolicy(&attributes, SCHED_FIFO);
        ::posix_spawnattr_setschedparam(&attributes, &priority);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSCHEDULER);
    }
    pid_t child = 0;
    const int error =
        ::posix_spawn(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw_errno(error, "starting " + command.front());

    output.close_write();
    result.text = output.read_all();
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status))
        throw std::runtime_error(fmt::format("{} was ended by signal {}", name, WTERMSIG(status)));
    result.not_installed = WEXITSTATUS(status) == exit_not_installed;
    if (WEXITSTATUS(status) != 0 && !result.not_installed)
        throw std::runtime_error(
            fmt::format("{} failed with exit status {}", name, WEXITSTATUS(status)));
    return result;
}

bench_output run_bench_program_on_all_processors(std::vector<std::string> command) {
    if (!all_processors) return run_bench_program(std::move(command));
    class widened {
    public:
        widened() {
            if (::sched_getaffinity(0, sizeof pinned_, &pinned_) != 0 ||
                ::sched_setaffinity(0, sizeof *all_processors, &*all_processors) != 0)
                throw_errno(errno, "using every processor");
        }
        widened(const widened&) = delete;
        widened& operator=(const widened&) = delete;
        ~widened() { ::sched_setaffinity(0, sizeof pinned_, &pinned_); }

    private:
        cpu_set_t pinned_;
    };
    const widened meanwhile;
    return run_bench_program(std::move(command));
}

}  // namespace weft::tool
