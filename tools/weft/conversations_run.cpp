#include "conversations_run.hpp"

#include "command.hpp"
#include "command_line.hpp"
#include "figures.hpp"
#include "load_report.hpp"
#include "load_run.hpp"
#include "open_files.hpp"
#include "process_usage.hpp"
#include "serve_answer.hpp"

#include "weft/weft.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::tool {
namespace {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

constexpr auto silence = 500ms;
constexpr auto closing_max = 10s;
constexpr auto look_again = 1ms;
constexpr double warm_up_seconds = 0.5;
constexpr double connects_a_second = 10'000;

double seconds_since(clock::time_point t) {
    return std::chrono::duration<double>(clock::now() - t).count();
}

double bytes_each(std::uint64_t before, std::uint64_t now, std::size_t connections) {
    return (static_cast<double>(now) - static_cast<double>(before)) /
           static_cast<double>(connections > 0 ? connections : 1);
}

/// One end of what the two processes tell each other: an object a line.
class telephone {
public:
    explicit telephone(int end) : stream_(owned_descriptor::adopt(end).release()) {}

    [[nodiscard]] task<> say(ordered_json what) {
        const std::string line = what.dump() + "\n";
        co_await stream_.write_all(line);
    }
    [[nodiscard]] task<ordered_json> hear() {
        std::optional<std::string> line = co_await stream_.read_line();
        if (!line) throw command_error("the other process has ended early");
        co_return ordered_json::parse(*line);
    }

private:
    unix_stream stream_;
};

// --- the client

task<> say_connected(telephone& server, const load_result& so_far, std::uint64_t before) {
    ordered_json said;
    said["connected"] = so_far.connected;
    said["connecting_seconds"] = so_far.connecting_seconds;
    said["bytes_each"] = bytes_each(before, anonymous_memory(), so_far.connected);
    co_await server.say(std::move(said));
    // Nothing is sent until the server says so.
    static_cast<void>(co_await server.hear());
}

task<> talk(int end, const conversations_request& request) {
    telephone server(end);
    const ordered_json where = co_await server.hear();
    load_plan plan;
    plan.target = where["listening"].get<std::string>();
    plan.connections = request.connections;
    plan.seconds = request.seconds;
    plan.warm_up_seconds = warm_up_seconds;
    plan.connects_a_second = connects_a_second;
    plan.size = request.size;
    plan.kind = request.kind;
    const std::uint64_t before = anonymous_memory();
    const load_pause pause = [&server, before](const load_result& so_far) {
        return say_connected(server, so_far, before);
    };
    const load_result result = co_await run_load(plan, pause);
    ordered_json said = json_of(plan, result);
    said["latencies"] = latencies_of(result.latency);
    co_await server.say(std::move(said));
}

int run_client(int end, const conversations_request& request) {
    try {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        weft::run(options().watchdog(0ns), talk(end, request));
        return exit_success;
    } catch (const std::exception& error) {
        fmt::print(stderr, "weft conversations: the client: {}\n", error.what());
        return exit_failure;
    }
}

/// A process that runs the client; killed, if it still lives, at the end.
class client_process {
public:
    client_process(int end, int servers_end, const conversations_request& request) {
        std::fflush(stdout);
        pid_ = ::fork();
        if (pid_ < 0) throw_system_error(errno, "beginning a process for the client");
        if (pid_ > 0) {
            ::close(end);
            return;
        }
        ::close(servers_end);
        std::_Exit(run_client(end, request));
    }
    client_process(const client_process&) = delete;
    client_process& operator=(const client_process&) = delete;
    ~client_process() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        static_cast<void>(join());
    }
    /// It has succeeded.
    [[nodiscard]] bool join() noexcept {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
        pid_ = -1;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

private:
    pid_t pid_ = -1;
};

// --- the server

class host {
public:
    host(int end, const conversations_request& request) : client_(end), request_(request) {}

    [[nodiscard]] task<> run() { co_await with_scope(run_in, std::ref(*this)); }
    [[nodiscard]] ordered_json& report() noexcept { return report_; }

private:
    [[nodiscard]] static task<> run_in(scope& all, host& self);
    [[nodiscard]] static task<> accept_all(scope& all, host& self);
    [[nodiscard]] static task<> converse(host& self, tcp_stream peer);
    static void converse_in_fiber(host& self, tcp_stream peer);
    [[nodiscard]] bool in_fiber(std::size_t number) const noexcept;
    [[nodiscard]] task<> hold(const ordered_json& connected, std::uint64_t before);
    [[nodiscard]] task<> until_live(std::size_t connections) const;
    template <class... Args>
    void say(const char* name, fmt::format_string<Args...> text, Args&&... args) const;

    telephone client_;
    const conversations_request& request_;
    tcp_listener listener_{address::loopback(0)};
    answering answers_;
    std::size_t fibers_ = 0;
    std::size_t broken_ = 0;
    ordered_json report_;
};

template <class... Args>
void host::say(const char* name, fmt::format_string<Args...> text, Args&&... args) const {
    if (request_.json) return;
    fmt::print("{:<11}{}\n", name, fmt::format(text, std::forward<Args>(args)...));
    std::fflush(stdout);
}

task<> host::run_in(scope& all, host& self) {
    all.spawn(accept_all(all, self));
    const std::uint64_t before = anonymous_memory();
    ordered_json where;
    where["listening"] = self.listener_.local_address().to_string();
    co_await self.client_.say(std::move(where));
    const ordered_json connected = co_await self.client_.hear();
    co_await self.hold(connected, before);

    co_await self.client_.say(ordered_json::object());
    ordered_json load = co_await self.client_.hear();
    const std::size_t in_time = load["requests"].get<std::size_t>();
    self.say("talked", "{} messages of {} bytes there and back in {:.1f} s: {} a second",
             with_commas(in_time), self.request_.size, load["seconds"].get<double>(),
             with_commas(static_cast<std::uint64_t>(load["requests_per_second"].get<double>())));
    self.say("latency", "{}", load["latencies"].get<std::string>());
    if (!load["errors"].empty()) self.say("errors", "{}", load["errors"].dump());
    load.erase("latencies");

    const clock::time_point begin = clock::now();
    co_await self.until_live(0);
    const std::size_t left = self.answers_.live;
    if (left == 0)
        self.say("closed", "all {} again, {:.2f} s after the last answer; {} broke",
                 with_commas(self.answers_.accepted), seconds_since(begin), self.broken_);
    else
        self.say("closed", "not all: {} are left", with_commas(left));
    self.report_["load"] = std::move(load);
    self.report_["broken"] = self.broken_;
    self.report_["left_open"] = left;
    all.cancel();
}

/// All are there, and nobody says anything.
task<> host::hold(const ordered_json& connected, std::uint64_t before) {
    const std::size_t there = connected["connected"].get<std::size_t>();
    co_await until_live(there);
    const std::size_t held = answers_.live;
    const double made_in = connected["connecting_seconds"].get<double>();
    say("held", "{} connections, made in {:.2f} s; in the server {} tasks and {} fibers",
        with_commas(held), made_in, with_commas(held - fibers_), with_commas(fibers_));

    const std::chrono::nanoseconds busy = processor_time();
    const clock::time_point begin = clock::now();
    co_await sleep(silence);
    const double used = std::chrono::duration<double>(processor_time() - busy).count();
    const double percent = 100 * used / seconds_since(begin);
    say("silent", "{:.1f} % of a processor in the server, for {:.1f} s", percent,
        seconds_since(begin));

    const double here = bytes_each(before, anonymous_memory(), held);
    const double there_each = connected["bytes_each"].get<double>();
    say("memory", "{:.2f} KiB a connection in the server, {:.2f} KiB in the client:", here / 1024,
        there_each / 1024);
    say("", "anonymous pages and page tables; the kernel's own for sockets come on top");
    report_["connections"] = request_.connections;
    report_["held"] = held;
    report_["tasks"] = held - fibers_;
    report_["fibers"] = fibers_;
    report_["connecting_seconds"] = made_in;
    report_["silent_cpu_percent"] = percent;
    report_["server_bytes_each"] = here;
    report_["client_bytes_each"] = there_each;
}

/// The kernel has accepted before the server has, and closes before the server hears of it.
task<> host::until_live(std::size_t connections) const {
    const clock::time_point end = saturating_add(clock::now(), closing_max);
    while (answers_.live != connections && clock::now() < end) co_await sleep(look_again);
}

task<> host::accept_all(scope& all, host& self) {
    for (std::size_t number = 0;; ++number) {
        tcp_stream peer = co_await self.listener_.accept();
        if (self.in_fiber(number)) {
            ++self.fibers_;
            all.spawn(converse_in_fiber, std::ref(self), std::move(peer));
        } else {
            all.spawn(converse(self, std::move(peer)));
        }
    }
}

bool host::in_fiber(std::size_t number) const noexcept {
    if (request_.kind == coroutine_kind::both) return number % 2 == 1;
    return request_.kind == coroutine_kind::fiber;
}

task<> host::converse(host& self, tcp_stream peer) {
    try {
        co_await answer_in_task(self.answers_, std::move(peer));
    } catch (const std::exception&) {
        ++self.broken_;
    }
}

void host::converse_in_fiber(host& self, tcp_stream peer) {
    try {
        answer_in_fiber(self.answers_, std::move(peer));
    } catch (const std::exception&) {
        ++self.broken_;
    }
}

task<ordered_json> serve_client(int end, const conversations_request& request) {
    host all(end, request);
    co_await all.run();
    co_return std::move(all.report());
}

/// As many as there may be open files, in each of the two processes.
std::size_t possible(std::size_t wanted) {
    const std::uint64_t open_files = raise_open_files();
    if (wanted + spare_open_files <= open_files) return wanted;
    const std::uint64_t most = open_files > spare_open_files ? open_files - spare_open_files : 1;
    fmt::print(stderr,
               "weft conversations: note: {} connections instead of {}: a process may have {} open "
               "files here (ulimit -Hn)\n",
               with_commas(most), with_commas(wanted), with_commas(open_files));
    return most;
}

}  // namespace

int run_conversations(const conversations_request& asked) {
    conversations_request request = asked;
    request.connections = possible(asked.connections);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw_system_error(errno, "connecting two processes");
    client_process client(ends[1], ends[0], request);
    const ordered_json report = weft::run(options().watchdog(0ns), serve_client(ends[0], request));
    const bool client_succeeded = client.join();
    if (request.json) fmt::print("{}\n", report.dump(2));
    const ordered_json& load = report["load"];
    const bool good = client_succeeded && report["held"] == request.connections &&
                      report["broken"] == 0 && report["left_open"] == 0 && load["requests"] > 0 &&
                      load["errors"].empty();
    return good ? exit_success : exit_failure;
}

}  // namespace weft::tool
