#include "serve_run.hpp"

#include "command.hpp"
#include "figures.hpp"
#include "net_address.hpp"
#include "open_files.hpp"
#include "serve_answer.hpp"
#include "terminal.hpp"

#include "weft/io/signals.hpp"
#include "weft/net/serve_on_loops.hpp"
#include "weft/weft.hpp"

#include <fmt/core.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <vector>

namespace weft::tool {
namespace {

using namespace std::chrono_literals;

constexpr auto redraw_every = 250ms;
constexpr auto complain_every = 1s;

const char* remedy_for(int error) {
    switch (error) {
        case EADDRINUSE: return ": another program listens there; try another port, or port 0";
        case EACCES: return ": ports below 1024 are for root (CAP_NET_BIND_SERVICE)";
        case EADDRNOTAVAIL: return ": this machine does not have that address";
        default: return "";
    }
}

/// Throws an error of one line with what to do about it.
tcp_listener listen_at(const address& at, const serve_request& request) {
    try {
        return tcp_listener(at,
                            listen_options().reuse_port(request.reuse_port || request.threads > 1));
    } catch (const std::system_error& error) {
        const std::string why = error.code().message() + remedy_for(error.code().value());
        throw command_error(fmt::format("cannot listen at {}: {}", at.to_string(), why));
    }
}

/// 0: no `std::system_error` of the kernel.
int errno_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& e) {
        const auto& from = e.code().category();
        const bool is_errno = from == std::generic_category() || from == std::system_category();
        return is_errno ? e.code().value() : 0;
    } catch (...) {
        return 0;
    }
}

class server {
public:
    server(const serve_request& request, std::uint64_t open_files)
        : request_(request),
          open_files_(open_files),
          shows_(is_terminal(stderr)),
          answers_(request.threads) {
        for (answering& of_loop : answers_) of_loop.upper(request.upper).log(request.log);
    }

    [[nodiscard]] task<> run();

private:
    [[nodiscard]] static task<> serve_in(scope& all, server& self);
    [[nodiscard]] task<> serve_all();
    [[nodiscard]] task<> stop_when_asked(scope& all);
    [[nodiscard]] task<> show_progress();
    [[nodiscard]] serve_options options_for_serve();
    void failed(const std::exception_ptr& error);
    void show(const std::string& text);
    void clear_progress();
    void complain(const std::string& text);
    void say_where() const;
    void say_what_was() const;

    [[nodiscard]] answering& answers_here() { return answers_[loop::current().index()]; }
    [[nodiscard]] std::uint64_t sum(figure answering::* of) const {
        std::uint64_t all = 0;
        for (const answering& of_loop : answers_) all += of_loop.*of;
        return all;
    }

    const serve_request& request_;
    std::uint64_t open_files_;
    bool shows_;
    std::vector<answering> answers_;  // by loop
    tcp_listener listener_{owned_descriptor()};
    signals asked_{SIGINT, SIGTERM};
    std::atomic<std::uint64_t> resets_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::mutex mutex_;  // for what follows: any loop complains
    progress_line progress_;
    clock::time_point complained_at_ = clock::time_point::min();
};

task<> server::run() {
    const std::vector<address> found = co_await find_addresses(request_.listen);
    listener_ = listen_at(found.front(), request_);
    co_await with_scope(serve_in, std::ref(*this));
    clear_progress();
    say_what_was();
}

task<> server::serve_in(scope& all, server& self) {
    all.spawn(self.stop_when_asked(all));
    if (self.shows_) all.spawn(self.show_progress());
    co_await self.serve_all();
    all.cancel();
}

task<> server::serve_all() {
    using in_task = task<> (*)(answering&, tcp_stream);
    using in_fiber = void (*)(answering&, tcp_stream);
    serve_options how = options_for_serve();
    if (request_.fibers) {
        const in_fiber answer = request_.lines ? answer_lines_in_fiber : answer_in_fiber;
        auto handler = [this, answer](tcp_stream peer) { answer(answers_here(), std::move(peer)); };
        co_await serve_on_every_loop(listener_, handler, std::move(how));
    } else {
        const in_task answer = request_.lines ? answer_lines_in_task : answer_in_task;
        auto handler = [this, answer](tcp_stream peer) {
            return answer(answers_here(), std::move(peer));
        };
        co_await serve_on_every_loop(listener_, handler, std::move(how));
    }
}

serve_options server::options_for_serve() {
    serve_options how;
    if (request_.max_connections > 0)
        how.max_connections(request_.max_connections / request_.threads);
    how.drain(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(request_.drain_seconds)));
    how.on_listening([this] { say_where(); });
    how.on_error([this](const std::exception_ptr& error) { failed(error); });
    return how;
}

task<> server::stop_when_asked(scope& all) {
    static_cast<void>(co_await asked_.next());
    clear_progress();
    const std::uint64_t live = sum(&answering::live);
    if (live > 0)
        fmt::print(stderr,
                   "weft serve: stopping: {} may finish within {:g} s; a second signal ends all at "
                   "once\n",
                   counted(live, "connection"), request_.drain_seconds);
    listener_.close();
    static_cast<void>(co_await asked_.next());
    all.cancel();
}

task<> server::show_progress() {
    std::uint64_t answers = 0;
    clock::time_point then = clock::now();
    for (;;) {
        co_await sleep(redraw_every);
        const clock::time_point now = clock::now();
        const double seconds = std::chrono::duration<double>(now - then).count();
        const std::uint64_t answers_now = sum(&answering::answers);
        const auto rate = static_cast<double>(answers_now - answers) / seconds;
        const std::string text = fmt::format(
            "{} connections, {} answers/s; so far {} connections, {}",
            with_commas(sum(&answering::live)), with_commas(static_cast<std::uint64_t>(rate)),
            with_commas(sum(&answering::accepted)),
            readable_bytes(static_cast<double>(sum(&answering::bytes))));
        show(text);
        answers = answers_now;
        then = now;
    }
}

void server::failed(const std::exception_ptr& error) {
    const int number = errno_of(error);
    switch (number) {
        case ECONNRESET:
        case EPIPE: ++resets_; return;
        case EMFILE:
            complain(fmt::format("the limit of {} open files is reached (ulimit -n): others wait "
                                 "until a connection has ended",
                                 with_commas(open_files_)));
            return;
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            complain("accepting pauses: " + std::generic_category().message(number));
            return;
        default: break;
    }
    ++failures_;
    complain("a connection has failed: " + describe_exception(error));
}

void server::show(const std::string& text) {
    const std::lock_guard lock(mutex_);
    progress_.show(text);
}

void server::clear_progress() {
    const std::lock_guard lock(mutex_);
    progress_.clear();
}

void server::complain(const std::string& text) {
    const std::lock_guard lock(mutex_);
    const clock::time_point now = clock::now();
    if (now < saturating_add(complained_at_, complain_every)) return;
    complained_at_ = now;
    progress_.clear();
    fmt::print(stderr, "weft serve: {}\n", text);
}

void server::say_where() const {
    const std::string loops_text =
        request_.threads > 1 ? fmt::format(", on {} loops", request_.threads) : "";
    fmt::print("listening at {}: {}{}, a {} for each connection{}\n",
               listener_.local_address().to_string(), request_.upper ? "upper-cases" : "echoes",
               request_.lines ? " lines" : "", request_.fibers ? "fiber" : "task", loops_text);
    std::fflush(stdout);
}

void server::say_what_was() const {
    const std::uint64_t accepted = sum(&answering::accepted);
    std::string text = fmt::format(
        "served {}, at most {} at once: {}, {} each way", counted(accepted, "connection"),
        with_commas(sum(&answering::live_max)), counted(sum(&answering::answers), "answer"),
        readable_bytes(static_cast<double>(sum(&answering::bytes))));
    const std::uint64_t ended = sum(&answering::finished) + resets_ + failures_;
    const auto add = [&text](std::uint64_t number, const char* what) {
        if (number > 0) text += fmt::format("; {} {}", with_commas(number), what);
    };
    add(resets_, "reset by their peers");
    add(failures_, "failed");
    add(accepted - ended, "cut off at the end");
    if (answers_.size() > 1) {
        text += "\nby loop:";
        for (const answering& of_loop : answers_)
            text += fmt::format(" {}", counted(of_loop.accepted, "connection"));
    }
    fmt::print("{}\n", text);
}

task<> serve_until_stopped(const serve_request& request, std::uint64_t open_files) {
    server all(request, open_files);
    co_await all.run();
}

}  // namespace

int run_serve(const serve_request& request) {
    const std::uint64_t open_files = raise_open_files();
    if (request.max_connections + spare_open_files > open_files)
        fmt::print(stderr,
                   "weft serve: note: {} connections need more than the {} open files that are "
                   "allowed here (ulimit -Hn); those beyond will wait\n",
                   with_commas(request.max_connections), with_commas(open_files));
    const options how = options().watchdog(0ns).threads(request.threads);
    weft::run(how, serve_until_stopped(request, open_files));
    return 0;
}

}  // namespace weft::tool
