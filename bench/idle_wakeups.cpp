// What a loop does while nothing happens. A process in which a thousand tasks and ten fibers wait
// for a pipe is given a second to settle, the watchdog's thread included; in the second after that
// its wake-ups are counted, or its processor time, those of all of its threads. A thread that is
// never switched to makes no system call; to see that for oneself:
//
//     (sleep 5) | strace -f -tt build/bench/bench/idle_wakeups wait

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/scope.hpp>
#include <weft/io/readiness.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int tasks = 1'000;
constexpr int fibers = 10;
constexpr int second_ms = 1'000;

weft::task<> wait_task(int fd) {
    co_await weft::wait_readable(fd);
}

void wait_fiber(int fd) {
    weft::await(weft::wait_readable(fd));
}

/// Returns when the other end of the pipe is closed.
void wait_for_end(int fd) {
    weft::run([fd] {
        weft::await(weft::with_scope([fd](weft::scope& s) {
            for (int i = 0; i < tasks; ++i) s.spawn(wait_task(fd));
            for (int i = 0; i < fibers; ++i) s.spawn([fd] { wait_fiber(fd); });
        }));
    });
}

/// How often its threads were switched to so far: each time they have given the processor up, or
/// were made to.
std::uint64_t switches_of(pid_t process) {
    std::uint64_t sum = 0;
    const std::string threads = "/proc/" + std::to_string(process) + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(threads)) {
        std::ifstream status(thread.path() / "status");
        for (std::string key; status >> key;) {
            std::uint64_t count = 0;
            if (key.ends_with("voluntary_ctxt_switches:") && status >> count) sum += count;
        }
    }
    return sum;
}

double cpu_ns_of(pid_t process) {
    clockid_t clock{};
    std::timespec used{};
    bench::require(::clock_getcpuclockid(process, &clock) == 0, "its processor time");
    bench::require(::clock_gettime(clock, &used) == 0, "its processor time");
    return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

struct second {
    double wakeups = 0;
    double cpu_ns = 0;
};

second observe() {
    int ends[2];
    bench::require(::pipe(ends) == 0, "a pipe to wait for");
    const pid_t child = ::fork();
    bench::require(child >= 0, "a process that waits");
    if (child == 0) {
        ::close(ends[1]);
        wait_for_end(ends[0]);
        std::_Exit(0);
    }
    ::close(ends[0]);
    ::poll(nullptr, 0, second_ms);
    const std::uint64_t switches = switches_of(child);
    const double cpu = cpu_ns_of(child);
    ::poll(nullptr, 0, second_ms);
    const second seen{static_cast<double>(switches_of(child) - switches), cpu_ns_of(child) - cpu};
    bench::require(switches > 0, "what is waited for");
    ::close(ends[1]);
    int status = 0;
    bench::require(::waitpid(child, &status, 0) == child && status == 0, "that all were woken");
    return seen;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "a_second",
                      {{"wakeups", [](std::string_view) { return observe().wakeups; }},
                       {"cpu", [](std::string_view) { return observe().cpu_ns; }},
                       {"wait", [](std::string_view) {
                            wait_for_end(STDIN_FILENO);
                            return 0.0;
                        }}});
}
