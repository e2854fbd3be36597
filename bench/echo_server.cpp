#include "echo_server.hpp"

#include "child.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace bench {
namespace {

struct program {
    std::string_view name;
    const char* file;
    const char* side;
};

constexpr std::array programs = {
    program{"weft_task", "echo_weft", "task"},
    program{"weft_fiber", "echo_weft", "fiber"},
    program{"weft_task_2", "echo_weft", "task-2"},
    program{"weft_fiber_2", "echo_weft", "fiber-2"},
    program{"raw", "echo_raw", nullptr},
    program{"libuv", "echo_libuv", nullptr},
    program{"asio", "echo_asio", nullptr},
    program{"tokio", "peer_tokio", "echo"},
    program{"go", "peer_go", "echo"},
};

const program* find_program(std::string_view name) {
    const auto* const found = std::ranges::find(programs, name, &program::name);
    return found == programs.end() ? nullptr : found;
}

std::vector<std::string> command_of(std::string_view name, std::vector<std::string> before) {
    const program* const wanted = find_program(name);
    need(wanted != nullptr, "an echo server of that name");
    const std::string file = beside_this_program(wanted->file);
    if (::access(file.c_str(), X_OK) != 0) std::_Exit(not_installed);
    before.push_back(file);
    if (wanted->side != nullptr) before.emplace_back(wanted->side);
    return before;
}

cpu_set_t only(int processor) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    return one;
}

/// For the server, and for the client.
std::array<int, 2> two_processors() {
    static const auto found = [] {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        ::sched_getaffinity(0, sizeof allowed, &allowed);
        std::array<int, 2> two{-1, -1};
        for (int i = 0, n = 0; i < CPU_SETSIZE && n < 2; ++i)
            if (CPU_ISSET(i, &allowed)) two[static_cast<std::size_t>(n++)] = i;
        need(two[1] >= 0, "two processors, one for the server and one for its client");
        return two;
    }();
    return found;
}

/// The port that a server prints, or 0 when it ends instead.
int read_port(int fd) {
    std::string line;
    for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
    int port = 0;
    return std::sscanf(line.c_str(), "port %d", &port) == 1 ? port : 0;
}

/// The sum, in bytes, of the lines of a file of KiB that begin with one of these keys.
double kib_lines(const std::string& path, std::initializer_list<std::string_view> keys) {
    std::ifstream file(path);
    double sum = 0;
    for (std::string line; std::getline(file, line);)
        for (const std::string_view key : keys)
            if (line.starts_with(key)) sum += std::stod(line.substr(key.size())) * 1024;
    return sum;
}

void print(std::string_view what, double value) {
    std::printf("%.*s %.6g\n", static_cast<int>(what.size()), what.data(), value);
}

std::vector<std::pair<std::string_view, double>>& remarks() {
    static std::vector<std::pair<std::string_view, double>> all;
    return all;
}

}  // namespace

echo_server::echo_server(std::string_view name, std::vector<std::string> before) {
    const bool is_wrapped = !before.empty();
    std::vector<std::string> command = command_of(name, std::move(before));
    const auto [mine, client] = two_processors();
    int output[2];
    int errors[2] = {-1, -1};
    need(::pipe(output) == 0 && (!is_wrapped || ::pipe(errors) == 0), "a pipe to a server");
    const pid_t parent = ::getpid();
    process_ = ::fork();
    need(process_ >= 0, "a process for a server");
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) std::_Exit(1);
        const cpu_set_t set = only(mine);
        ::sched_setaffinity(0, sizeof set, &set);
        ::dup2(output[1], STDOUT_FILENO);
        if (is_wrapped) ::dup2(errors[1], STDERR_FILENO);
        for (const int fd : {output[0], output[1], errors[0], errors[1]})
            if (fd > STDERR_FILENO) ::close(fd);
        become(std::move(command));
    }
    ::close(output[1]);
    if (is_wrapped) ::close(errors[1]);
    errors_ = errors[0];
    const cpu_set_t set = only(client);
    ::sched_setaffinity(0, sizeof set, &set);
    port_ = read_port(output[0]);
    ::close(output[0]);
    if (port_ != 0) return;
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == not_installed) std::_Exit(not_installed);
    need(false, "an echo server that begins");
}

echo_server::~echo_server() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    if (errors_ >= 0) ::close(errors_);
}

std::string echo_server::stop() {
    ::kill(process_, SIGTERM);
    std::string text;
    std::array<char, 4096> block;
    for (ssize_t got = 0; (got = ::read(errors_, block.data(), block.size())) > 0;)
        text.append(block.data(), static_cast<std::size_t>(got));
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
    ::close(std::exchange(errors_, -1));
    return text;
}

double echo_server::cpu_ns() const {
    clockid_t clock{};
    std::timespec used{};
    need(::clock_getcpuclockid(process_, &clock) == 0 && ::clock_gettime(clock, &used) == 0,
         "the processor time of a server");
    return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

double echo_server::private_bytes() const {
    const std::string folder = "/proc/" + std::to_string(process_);
    return kib_lines(folder + "/smaps_rollup", {"Private_Clean:", "Private_Dirty:"}) +
           kib_lines(folder + "/status", {"VmPTE:"});
}

void remark(std::string_view what, double value) {
    remarks().emplace_back(what, value);
}

int run_echo(int argc, char** argv, std::string_view metric,
             double (*measure)(const echo_request& asked)) {
    echo_request asked;
    const std::string_view side = argc > 1 ? argv[1] : "";
    const std::size_t dash = side.find('-');
    asked.server = side.substr(0, dash);
    if (dash != side.npos)
        std::from_chars(side.data() + dash + 1, side.data() + side.size(), asked.connections);
    if (argc > 2) asked.seconds = std::strtod(argv[2], nullptr);
    const bool is_known = find_program(asked.server) != nullptr && asked.seconds > 0;
    if (!is_known || (dash != side.npos && asked.connections <= 0)) {
        std::fprintf(stderr, "usage: %s SERVER[-CONNECTIONS] [SECONDS]\nservers:", argv[0]);
        for (const program& one : programs)
            std::fprintf(stderr, " %.*s", static_cast<int>(one.name.size()), one.name.data());
        std::fprintf(stderr, "\n'weft bench' runs them side by side\n");
        return 2;
    }
    try {
        print(metric, measure(asked));
        for (const auto& [what, value] : remarks()) print(what, value);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
}

}  // namespace bench
