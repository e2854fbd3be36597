#include "load_run.hpp"

#include "command.hpp"
#include "figures.hpp"
#include "net_address.hpp"
#include "terminal.hpp"

#include "weft/io/signals.hpp"
#include "weft/weft.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace weft::tool {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 100ms;
constexpr auto connect_look_every = 5ms;
constexpr auto pause_after_error = 100ms;
constexpr auto last_answers = 1s;
constexpr std::size_t burst_of_connects = 64;
constexpr std::size_t room_max = std::size_t{64} * 1024;

/// A message this long may fill the buffers of both sides: then a server that answers while it
/// reads waits for a client that only writes. Longer ones are written and read at once.
constexpr std::size_t safe_to_write = std::size_t{16} * 1024;

clock::duration seconds_of(double s) {
    return std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(s));
}
double since(clock::time_point t) {
    return std::chrono::duration<double>(clock::now() - t).count();
}

/// What the coroutines of a run share.
class load {
public:
    load(load_plan plan, load_pause pause)
        : plan_(std::move(plan)),
          pause_(std::move(pause)),
          messages_(plan_.size, plan_.expected),
          connects_(plan_.connects_a_second, burst_of_connects),
          is_settled_(plan_.connections) {}

    [[nodiscard]] task<load_result> run();

private:
    class connection;

    [[nodiscard]] task<> find_server();
    /// A new connection, or the one that found the server.
    [[nodiscard]] task<tcp_stream> connect(std::size_t number);
    [[nodiscard]] task<tcp_stream> open(std::size_t number);
    void settle(std::size_t number);
    [[nodiscard]] static task<> run_in(scope& all, load& self);
    void begin_all(scope& all);
    [[nodiscard]] task<> until_connected();
    [[nodiscard]] task<> measure();
    /// Lets time pass; returns early when it is to stop.
    [[nodiscard]] task<> pass(double seconds, std::string_view what);
    void show(std::string_view what, clock::time_point begin, double seconds);
    [[nodiscard]] static task<> talk_in_task(load& self, std::size_t number);
    static void talk_in_fiber(load& self, std::size_t number);
    [[nodiscard]] bool in_fiber(std::size_t number) const noexcept;
    void failed(const std::exception_ptr& error);
    [[nodiscard]] bool is_stopped();

    load_plan plan_;
    signals stop_{SIGINT, SIGTERM};
    load_pause pause_;
    load_messages messages_;
    token_bucket connects_;
    address target_;
    std::optional<tcp_stream> first_;
    event begin_;
    std::vector<bool> is_settled_;  // connected, or refused, once
    std::size_t settled_ = 0;
    std::size_t live_ = 0;
    bool measuring_ = false;
    bool over_ = false;
    load_result result_;
    progress_line progress_;
};

/// One of them, while it lasts.
class load::connection {
public:
    connection(load& of, std::size_t number, tcp_stream stream)
        : of_(of),
          stream_(std::move(stream)),
          sent_(of.messages_.sent(number)),
          expected_(of.messages_.expected(number)),
          room_(std::min(sent_.size(), room_max)) {
        ++of_.live_;
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { --of_.live_; }

    [[nodiscard]] bool is_long() const noexcept { return sent_.size() > safe_to_write; }
    [[nodiscard]] load_answer begin() noexcept {
        if (begin_ == clock::time_point()) begin_ = clock::now();
        return {sent_.size(), expected_};
    }
    [[nodiscard]] auto write() const noexcept { return stream_.write_all(sent_); }
    [[nodiscard]] auto read(const load_answer& answer) noexcept {
        return stream_.read_some(room_.data(), std::min(room_.size(), answer.left()));
    }
    void take(load_answer& answer, std::size_t n) const { answer.take(room_.data(), n); }
    /// The answer is there; the next request begins.
    void answered() {
        const clock::time_point now = clock::now();
        if (of_.measuring_) {
            ++of_.result_.requests;
            of_.result_.latency.add(now - begin_);
        }
        begin_ = now;
    }
    [[nodiscard]] static task<> exchange_long(connection& self);

private:
    [[nodiscard]] static task<> write_long(connection& self) { co_await self.write(); }
    [[nodiscard]] static task<> read_long(connection& self);

    load& of_;
    tcp_stream stream_;
    std::string_view sent_;
    std::string_view expected_;
    std::vector<char> room_;
    clock::time_point begin_{};
};

task<> load::connection::exchange_long(connection& self) {
    co_await when_all(write_long(self), read_long(self));
    self.answered();
}

task<> load::connection::read_long(connection& self) {
    load_answer answer = self.begin();
    while (!answer.complete()) {
        const std::size_t n = co_await self.read(answer);
        self.take(answer, n);
    }
}

task<> load::talk_in_task(load& self, std::size_t number) {
    while (!self.over_) {
        try {
            tcp_stream stream = co_await self.connect(number);
            connection c(self, number, std::move(stream));
            co_await self.begin_.wait();
            while (!self.over_) {
                if (c.is_long()) {
                    co_await connection::exchange_long(c);
                    continue;
                }
                load_answer answer = c.begin();
                co_await c.write();
                while (!answer.complete()) {
                    const std::size_t n = co_await c.read(answer);
                    c.take(answer, n);
                }
                c.answered();
            }
        } catch (const std::exception&) {
            self.failed(std::current_exception());
        }
        co_await sleep(pause_after_error);
    }
}

void load::talk_in_fiber(load& self, std::size_t number) {
    while (!self.over_) {
        try {
            connection c(self, number, await(self.connect(number)));
            await(self.begin_.wait());
            while (!self.over_) {
                if (c.is_long()) {
                    await(connection::exchange_long(c));
                    continue;
                }
                load_answer answer = c.begin();
                await(c.write());
                while (!answer.complete()) c.take(answer, await(c.read(answer)));
                c.answered();
            }
        } catch (const std::exception&) {
            self.failed(std::current_exception());
        }
        await(sleep(pause_after_error));
    }
}

task<load_result> load::run() {
    co_await find_server();
    co_await with_scope(run_in, std::ref(*this));
    co_return std::move(result_);
}

task<> load::run_in(scope& all, load& self) {
    self.begin_all(all);
    co_await self.until_connected();
    self.progress_.clear();
    if (self.pause_) co_await self.pause_(self.result_);
    self.begin_.set();
    co_await self.measure();
    // Who has asked still gets the answer, so that connections end and are not reset.
    self.over_ = true;
    try {
        auto ended = all.join();
        co_await with_timeout(last_answers, ended);
    } catch (const timed_out&) {
        // A server that stalls.
    }
    all.cancel();
}

/// By the first connection, whose failure is the run's.
task<> load::find_server() {
    const std::vector<address> found = co_await find_addresses(plan_.target);
    std::exception_ptr last;
    for (const address& each : found) {
        target_ = each;
        try {
            first_ = co_await open(0);
            co_return;
        } catch (const std::system_error&) {
            last = std::current_exception();
        }
    }
    throw command_error(fmt::format("cannot connect to {}: {}", plan_.target, kind_of_error(last)));
}

task<tcp_stream> load::connect(std::size_t number) {
    if (first_ && number == 0) {
        settle(number);
        co_return *std::exchange(first_, std::nullopt);
    }
    co_await connects_.take();
    try {
        tcp_stream opened = co_await open(number);
        settle(number);
        co_return opened;
    } catch (const std::exception&) {
        settle(number);
        throw;
    }
}

task<tcp_stream> load::open(std::size_t number) {
    connect_options how;
    how.timeout(seconds_of(plan_.connect_timeout_seconds));
    how.from(source_of(number, plan_.connections, target_));
    co_return co_await tcp_stream::connect(target_, how);
}

void load::settle(std::size_t number) {
    if (is_settled_[number]) return;
    is_settled_[number] = true;
    ++settled_;
}

bool load::in_fiber(std::size_t number) const noexcept {
    if (plan_.kind == coroutine_kind::both) return number % 2 == 1;
    return plan_.kind == coroutine_kind::fiber;
}

void load::begin_all(scope& all) {
    for (std::size_t i = 0; i < plan_.connections; ++i) {
        if (in_fiber(i))
            all.spawn(talk_in_fiber, std::ref(*this), i);
        else
            all.spawn(talk_in_task(*this, i));
    }
}

task<> load::until_connected() {
    const clock::time_point begin = clock::now();
    while (settled_ < plan_.connections && !is_stopped()) {
        co_await sleep(connect_look_every);
        progress_.show(fmt::format("connecting: {} of {}", with_commas(live_),
                                   with_commas(plan_.connections)));
    }
    result_.connecting_seconds = since(begin);
    result_.connected = live_;
}

task<> load::measure() {
    co_await pass(plan_.warm_up_seconds, "warming up");
    measuring_ = true;
    const clock::time_point begin = clock::now();
    co_await pass(plan_.seconds, "measuring");
    measuring_ = false;
    result_.seconds = since(begin);
    progress_.clear();
}

task<> load::pass(double seconds, std::string_view what) {
    const clock::time_point begin = clock::now();
    const clock::time_point end = saturating_add(begin, seconds_of(seconds));
    for (;;) {
        const clock::time_point now = clock::now();
        if (now >= end || is_stopped()) break;
        co_await sleep(std::min<clock::duration>(end - now, look_every));
        show(what, begin, seconds);
    }
}

void load::show(std::string_view what, clock::time_point begin, double seconds) {
    std::string text = fmt::format("{}: {:.1f} of {:g} s, {} connections", what, since(begin),
                                   seconds, with_commas(live_));
    if (measuring_) {
        const double rate = static_cast<double>(result_.requests) / since(begin);
        text += fmt::format(", {} requests/s", with_commas(static_cast<std::uint64_t>(rate)));
    }
    std::uint64_t errors = 0;
    for (const auto& [kind, number] : result_.errors) errors += number;
    if (errors > 0) text += fmt::format(", {} errors", with_commas(errors));
    progress_.show(text);
}

void load::failed(const std::exception_ptr& error) {
    if (!over_) ++result_.errors[kind_of_error(error)];
}

bool load::is_stopped() {
    if (stop_.try_next() != 0) result_.interrupted = true;
    return result_.interrupted;
}

}  // namespace

task<load_result> run_load(load_plan plan, load_pause pause) {
    load all(std::move(plan), std::move(pause));
    co_return co_await all.run();
}

}  // namespace weft::tool
