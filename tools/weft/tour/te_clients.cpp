// Clients of eventlet: connections through a pile, names looked up by a pool. In tasks and in
// fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.11: hosts that answer, and one at which nobody listens.

/// An address that refuses connections for as long as it lives: bound, and not listening.
class deaf_port {
public:
    deaf_port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address any = address::loopback(0);
        if (::bind(socket_.get(), static_cast<const sockaddr*>(any.data()),
                   static_cast<socklen_t>(any.size())) != 0)
            throw_system_error(errno, "binding a socket");
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
        at_ = address::from_bytes(&bound, size);
    }
    [[nodiscard]] const address& at() const { return at_; }

private:
    unique_fd socket_;
    address at_;
};

/// Alpha says nothing before gamma's client is served; nobody is at beta's port.
struct three_hosts {
    tcp_listener alpha{address::loopback(0)};
    deaf_port beta;
    tcp_listener gamma{address::loopback(0)};
    event gamma_answered;
    bool overtaken = false;

    [[nodiscard]] std::array<address, 3> all() const {
        return {alpha.local_address(), beta.at(), gamma.local_address()};
    }
};
constexpr std::array<std::string_view, 3> names = {"alpha", "beta", "gamma"};

task<> serve_alpha(three_hosts& hosts) {
    auto peer = co_await hosts.alpha.accept();
    co_await hosts.gamma_answered.wait();
    co_await peer.write_all("hello from alpha\n");
}
task<> serve_gamma(three_hosts& hosts) {
    auto peer = co_await hosts.gamma.accept();
    co_await peer.write_all("hello from gamma\n");
}

task<std::string> greeting(address host, three_hosts& hosts) {
    auto connection = co_await tcp_stream::connect(host);
    std::string text = co_await connection.read_all(1024);
    if (text.find("gamma") != std::string::npos) hosts.gamma_answered.set();
    if (text.find("alpha") != std::string::npos) hosts.overtaken = hosts.gamma_answered.is_set();
    text.pop_back();
    co_return text;
}
task<> connect_to_all(three_hosts& hosts, guide& show) {
    group pile;
    auto answers = pile.imap([&](address host) { return greeting(host, hosts); }, hosts.all());
    for (const std::string_view name : names) {
        std::string answer;
        try {
            const auto one = co_await answers.next();
            answer = one.value_or("nothing");
        } catch (const std::system_error& error) {
            answer = error.code().message();
        }
        show.print("{}: {}\n", name, answer);
    }
}
task<> three_connections(guide& show) {
    three_hosts hosts;
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(serve_alpha, std::ref(hosts));
        s.spawn(serve_gamma, std::ref(hosts));
        co_await connect_to_all(hosts, show);
    });
    show.check(hosts.overtaken, "gamma answered before alpha, and came after it");
}

std::string greeting_in_fiber(address host, three_hosts& hosts) {
    auto connection = await(tcp_stream::connect(host));
    std::string text = await(connection.read_all(1024));
    if (text.find("gamma") != std::string::npos) hosts.gamma_answered.set();
    if (text.find("alpha") != std::string::npos) hosts.overtaken = hosts.gamma_answered.is_set();
    text.pop_back();
    return text;
}
void three_connections_in_fiber(guide& show) {
    three_hosts hosts;
    await(with_scope([&](scope& s) {
        s.spawn(serve_alpha, std::ref(hosts));
        s.spawn(serve_gamma, std::ref(hosts));
        group pile;
        auto answers =
            pile.imap([&](address host) { return greeting_in_fiber(host, hosts); }, hosts.all());
        for (const std::string_view name : names) {
            try {
                const auto answer = await(answers.next());
                show.print("{}: {}\n", name, answer.value_or("nothing"));
            } catch (const std::system_error& error) {
                show.print("{}: {}\n", name, error.code().message());
            }
        }
    }));
    show.check(hosts.overtaken, "gamma answered before alpha, and came after it");
}

void connect(guide& show) {
    play_both(
        show, [](guide& out) { run(three_connections(out)); },
        [](guide& out) { run(three_connections_in_fiber, std::ref(out)); });
}

// E.17: names, ten at a time, under one timeout.

/// Knows 20 names, and four whose servers never answer. localhost is the system's to know.
class table_resolver final : public resolver {
public:
    table_resolver() {
        for (int n = 1; n <= 20; ++n)
            known_.emplace(fmt::format("host{}.example", n),
                           address::parse(fmt::format("192.0.2.{}:0", n)));
    }

    task<std::vector<address>> resolve(std::string host, std::uint16_t port,
                                       resolve_options how) override {
        most_ = std::max(most_, ++asked_now_);
        const leaving says(asked_now_);
        if (host == "localhost") co_return co_await resolve_by(system_resolver(), host, port, how);
        const auto found = known_.find(host);
        if (found == known_.end()) {
            ++silent_;
            co_await sleep(1h);
            throw std::system_error(resolver_errc::try_again, host);
        }
        co_await sleep(1ms);
        std::vector<address> all{found->second.with_port(port)};
        co_return all;
    }

    [[nodiscard]] std::vector<std::string> questions() const {
        std::vector<std::string> all = {"silent1.example", "localhost"};
        for (const auto& [name, at] : known_) all.push_back(name);
        for (int n = 2; n <= 4; ++n) all.push_back(fmt::format("silent{}.example", n));
        return all;
    }
    [[nodiscard]] int most() const { return most_; }
    [[nodiscard]] int silent() const { return silent_; }
    [[nodiscard]] int asked_now() const { return asked_now_; }

private:
    class leaving {
    public:
        explicit leaving(int& count) noexcept : count_(count) {}
        leaving(const leaving&) = delete;
        leaving& operator=(const leaving&) = delete;
        ~leaving() { --count_; }

    private:
        int& count_;
    };

    std::map<std::string, address> known_;
    int asked_now_ = 0;
    int most_ = 0;
    int silent_ = 0;
};

constexpr auto patience = 500ms;

void tell(std::vector<std::string> found, const table_resolver& table, guide& show) {
    std::ranges::sort(found);
    for (const std::string& line : found) show.print("{}\n", line);
    show.print("{} names in time, {} cancelled\n", found.size(), table.silent());
    show.check(table.most() == 10, "ten were asked at once");
    show.check(table.asked_now() == 0, "nobody is left");
}

task<std::string> look_up(table_resolver& table, std::string name) {
    resolve_options v4;
    v4.family(address_family::v4);
    const auto all = co_await resolve_by(table, name, 0, v4);
    co_return name + " " + all.front().host();
}
task<> resolve_all(guide& show) {
    table_resolver table;
    std::vector<std::string> found;
    pool ten(10);
    const auto resolve_each = [&]() -> task<> {
        auto answers = ten.imap_unordered(
            [&](std::string name) { return look_up(table, std::move(name)); }, table.questions());
        while (const auto one = co_await answers.next()) found.push_back(*one);
    };
    try {
        co_await with_timeout(patience, resolve_each);
    } catch (const timed_out&) {
        show.print("time is over\n");
    }
    co_await ten.join();
    tell(std::move(found), table, show);
}

std::string look_up_in_fiber(table_resolver& table, const std::string& name) {
    const auto all =
        await(resolve_by(table, name, 0, resolve_options().family(address_family::v4)));
    return name + " " + all.front().host();
}
void resolve_all_in_fiber(guide& show) {
    table_resolver table;
    std::vector<std::string> found;
    pool ten(10);
    try {
        await(with_timeout(patience, [&] {
            for (const std::string& one : ten.imap_unordered(
                     [&](const std::string& name) { return look_up_in_fiber(table, name); },
                     table.questions()))
                found.push_back(one);
        }));
    } catch (const timed_out&) {
        show.print("time is over\n");
    }
    await(ten.join());
    tell(std::move(found), table, show);
}

void mass_resolve(guide& show) {
    play_both(
        show, [](guide& out) { run(resolve_all(out)); },
        [](guide& out) { run(resolve_all_in_fiber, std::ref(out)); });
}

}  // namespace

programs network_clients() {
    return {
        {
            .id = "E.11",
            .title = "connections through a pile",
            .shows = "Three hosts at once; results come in the order of the spawns, and the error "
                     "of one where its result would be.",
            .run = connect,
            .expected = "alpha: hello from alpha\n"
                        "beta: Connection refused\n"
                        "gamma: hello from gamma\n",
        },
        {
            .id = "E.17",
            .title = "many names under one timeout",
            .shows = "A pool of ten asks; who has not answered when the time is over is cancelled.",
            .run = mass_resolve,
            .expected = "time is over\n"
                        "host1.example 192.0.2.1\nhost10.example 192.0.2.10\n"
                        "host11.example 192.0.2.11\nhost12.example 192.0.2.12\n"
                        "⋮\n"
                        "host9.example 192.0.2.9\n"
                        "localhost 127.0.0.1\n"
                        "21 names in time, 4 cancelled\n",
        },
    };
}

}  // namespace weft::tour
