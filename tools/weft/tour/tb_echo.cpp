// The course: the echo table, of drivers and of ways to write a server.

#include "echo_servers.hpp"
#include "figures.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// B.13

/// An echo server of callbacks: the driver's operations and what is done when they are complete,
/// without a coroutine. What the loop adds to that is the difference to tasks and fibers.
class driver_server {
public:
    driver_server(driver& on, int listener) : driver_(on), accepting_(*this, listener) {}

    void run(const shared_event& stop) {
        if (driver_.submit(accepting_) == submission::done) accept_all();
        while (!stop.is_set()) park();
        driver_.close(accepting_.descriptor);
        while (live_ > 0 || accepting_.pending) park();
    }

private:
    struct acceptance final : operation {
        acceptance(driver_server& s, int listener)
            : operation(operation_code::accept, listener, nullptr, 0, on_accepted), of(s) {}
        driver_server& of;
    };
    struct connection final : operation {
        connection(driver_server& s, int peer)
            : operation(operation_code::receive, peer, nullptr, 0, on_transferred), of(s) {}
        void next(operation_code what, char* from, std::size_t n) {
            code = what;
            buffer = from;
            size = n;
            short_is_empty = what == operation_code::receive;  // as TCP has it
        }
        driver_server& of;
        std::array<char, 4096> bytes;
    };

    static void on_accepted(operation& op) noexcept {
        static_cast<acceptance&>(op).of.accept_all();
    }
    static void on_transferred(operation& op) noexcept {
        auto& c = static_cast<connection&>(op);
        c.of.go_on(c);
    }

    void accept_all() {
        do {
            if (accepting_.result < 0) return;
            ++live_;
            auto* const c = new connection(*this, static_cast<int>(accepting_.result));
            c->next(operation_code::receive, c->bytes.data(), c->bytes.size());
            if (driver_.submit(*c) == submission::done) go_on(*c);
        } while (driver_.submit(accepting_) == submission::done);
    }
    void go_on(connection& c) {
        do {
            const auto n = static_cast<std::size_t>(c.result);
            const bool has_ended = c.result < 0 || (n == 0 && c.code == operation_code::receive);
            if (has_ended) {
                driver_.close(c.descriptor);
                delete &c;
                --live_;
                return;
            }
            if (c.code == operation_code::receive)
                c.next(operation_code::send, c.bytes.data(), n);
            else if (n < c.size)
                c.next(operation_code::send, static_cast<char*>(c.buffer) + n, c.size - n);
            else
                c.next(operation_code::receive, c.bytes.data(), c.bytes.size());
        } while (driver_.submit(c) == submission::done);
    }
    void park() { driver_.park(driver_.now() + 20ms); }

    driver& driver_;
    acceptance accepting_;
    int live_ = 0;
};

serve_echo echo_by_callbacks(const make_driver_call& make) {
    return [make](unique_fd listening, shared_event& stop) {
        const auto driver = make();
        driver->adopt(listening.get());
        driver_server(*driver, listening.release()).run(stop);
    };
}

class table {
public:
    explicit table(guide& show) : show_(show) {
        show_.print("{} clients of {} connections, {} bytes a message\n", plan_.processes,
                    plan_.connections, echo_load::message_size);
        show_.print("{:<10}{:<11}{:>11}{:>9}{:>9}{:>13}\n", "driver", "server", "messages/s",
                    "p50 ms", "p99 ms", "CPU us each");
    }

    void row(const char* driver, const char* server, serve_echo serve, bool ends_by_shutdown) {
        show_.progress(fmt::format("    {} {} …", driver, server));
        const auto found =
            measure_echo({server, driver, 0, std::move(serve), ends_by_shutdown}, plan_);
        const load_result& load = found.load;
        // Before its time is over each connection has begun to say something.
        is_right_ = is_right_ && load.errors == 0 &&
                    load.messages >= static_cast<unsigned>(plan_.processes) *
                                         static_cast<unsigned>(plan_.connections);
        const auto ms = [](std::chrono::microseconds d) {
            if (d >= load_result::longest) return std::string("> 1000");
            return fmt::format("{:.2f}", std::chrono::duration<double, std::milli>(d).count());
        };
        show_.print("{:<10}{:<11}{:>11}{:>9}{:>9}{:>13.1f}\n", driver, server,
                    tool::with_commas(static_cast<std::uint64_t>(load.per_second())), ms(load.p50),
                    ms(load.p99), found.cpu_us_each());
    }
    void is_missing(std::string_view driver) { show_.print("{:<10}not here\n", driver); }

    [[nodiscard]] bool is_right() const { return is_right_; }

private:
    guide& show_;
    load_plan plan_{
        .processes = 3,
        .connections = scaled(300),
        .time = show_.in_a_hurry() ? 300ms : 2000ms,
    };
    bool is_right_ = true;
};

void echo_table(guide& show) {
    table all(show);
    for (const echo_driver& one : echo_drivers()) {
        if (!one.is_here()) {
            all.is_missing(one.name);
            continue;
        }
        all.row(one.name, "tasks", echo_by_tasks(one.make), false);
        all.row(one.name, "fibers", echo_by_fibers(one.make), false);
        all.row(one.name, "callbacks", echo_by_callbacks(one.make), false);
    }
    // One for each connection; they block, and need no driver.
    all.row("none", "threads", echo_by_threads(), true);
    show.check(all.is_right(), "every message came back as it was, on every connection");
}

}  // namespace

programs course_echo() {
    return {
        {
            .id = "B.13",
            .title = "the echo table",
            .shows = "Messages a second, latency and the server's processor time: drivers against "
                     "ways to write a server.",
            .run = echo_table,
            .expected = "3 clients of … connections, 1024 bytes a message\n"
                        "driver    server      messages/s   p50 ms   p99 ms  CPU us each\n"
                        "epoll     tasks …\n"
                        "epoll     fibers …\n"
                        "epoll     callbacks …\n"
                        "io_uring  …\n"
                        "⋮\n"
                        "none      threads …\n",
        },
    };
}

}  // namespace weft::tour
