// A program that does nothing, started and waited for, a thousand times, against bare posix_spawn.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/process/subprocess.hpp>

#include <cerrno>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr std::uint64_t starts = 200;
constexpr const char* program = "/bin/true";

// What the child costs is not ours: this process's own time is measured.
double measure_weft(std::string_view) {
    return bench::ns_each(starts, [](std::uint64_t n) {
        weft::run([n] {
            const weft::command what(program);
            for (std::uint64_t i = 0; i < n; ++i) {
                const auto started = weft::subprocess::start(what);
                bench::require(weft::await(started.wait()).success(), "how it ended");
            }
        });
    });
}

double measure_posix_spawn(std::string_view) {
    return bench::ns_each(starts, [](std::uint64_t n) {
        char name[] = "/bin/true";
        char* const arguments[] = {name, nullptr};
        for (std::uint64_t i = 0; i < n; ++i) {
            pid_t id = 0;
            bench::require(::posix_spawnp(&id, program, nullptr, nullptr, arguments, environ) == 0,
                           "the start");
            int status = 0;
            while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {}
            bench::require(status == 0, "how it ended");
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_process",
                      {{"weft", measure_weft}, {"posix_spawn", measure_posix_spawn}});
}
