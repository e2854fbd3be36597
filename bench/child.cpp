#include "child.hpp"

#include "bench.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

double ns(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> block;
    for (;;) {
        const ssize_t got = ::read(fd, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(block.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

std::string beside_this_program(const std::string& name) {
    return std::filesystem::read_symlink("/proc/self/exe").replace_filename(name).string();
}

void become(std::vector<std::string> command) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    std::perror(arguments[0]);
    std::_Exit(errno == ENOENT ? not_installed : 1);
}

child_result run_child(std::vector<std::string> command) {
    const std::string name = command.front();
    int ends[2];
    require(::pipe(ends) == 0, "a pipe to the peer");
    const pid_t child = ::fork();
    require(child >= 0, "a process for the peer");
    if (child == 0) {
        ::setenv("LC_ALL", "C", 1);
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        become(std::move(command));
    }
    ::close(ends[1]);
    child_result result;
    result.output = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    rusage used{};
    require(::wait4(child, &status, 0, &used) == child, "the end of the peer");
    if (WIFEXITED(status) && WEXITSTATUS(status) == not_installed) std::_Exit(not_installed);
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, name + " failed");
    result.cpu_ns = ns(used.ru_utime) + ns(used.ru_stime);
    return result;
}

}  // namespace bench
