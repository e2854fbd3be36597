// Sockets of eventlet and gevent: a port forwarder, datagrams, unix sockets. In tasks and in
// fibers.

#include "both.hpp"
#include "network.hpp"
#include "program.hpp"
#include "scratch_log.hpp"

#include "weft/weft.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace weft::tour {
namespace {

// E.14

/// One direction: its end is passed on, and the other direction goes on.
task<> carry(tcp_stream& from, tcp_stream& to) {
    char bytes[16 * 1024];
    while (const std::size_t n = co_await from.read_some(bytes, sizeof bytes))
        co_await to.write_all(std::string_view(bytes, n));
    to.close_write();
}
task<> forward(tcp_stream client, address target) {
    auto server = co_await tcp_stream::connect(target);
    co_await with_scope([&](scope& s) {
        s.spawn(carry, std::ref(client), std::ref(server));
        s.spawn(carry, std::ref(server), std::ref(client));
    });
}

void carry_in_fiber(tcp_stream& from, tcp_stream& to) {
    std::array<char, 16 * 1024> bytes;
    while (const std::size_t n = await(from.read_some(bytes.data(), bytes.size())))
        await(to.write_all(std::string_view(bytes.data(), n)));
    to.close_write();
}
void forward_in_fiber(tcp_stream client, address target) {
    auto server = await(tcp_stream::connect(target));
    await(with_scope([&](scope& s) {
        s.spawn(carry_in_fiber, std::ref(client), std::ref(server));
        s.spawn(carry_in_fiber, std::ref(server), std::ref(client));
    }));
}

/// SIGTERM as something to wait for (signalfd(2)), and no end of the process. For the thread that
/// makes it: a program of several makes it before it begins the others.
class termination {
public:
    termination() {
        ::sigemptyset(&signals_);
        ::sigaddset(&signals_, SIGTERM);
        const int fd = ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0) throw_system_error(errno, "signalfd");
        signal_ = owned_descriptor::adopt(fd);
        ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    }
    termination(const termination&) = delete;
    termination& operator=(const termination&) = delete;
    ~termination() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    [[nodiscard]] task<> come() const {
        co_await wait_readable(signal_.descriptor());
        signalfd_siginfo taken{};
        if (::read(signal_.descriptor(), &taken, sizeof taken) < 0)
            throw_system_error(errno, "reading a signal");
    }

private:
    sigset_t signals_{};
    sigset_t before_{};
    owned_descriptor signal_;
};

/// Answers each line in upper case, and tells at the end how many there were.
void shout(tcp_stream peer) {
    int lines = 0;
    for (; auto line = await(peer.read_line(200'000)); ++lines) {
        std::ranges::transform(*line, line->begin(),
                               [](unsigned char c) { return std::toupper(c); });
        await(peer.write_all(*line + '\n'));
    }
    await(peer.write_all(fmt::format("{} lines\n", lines)));
}

std::string answer_of(tcp_stream& server, std::string_view line) {
    await(server.write_all(line));
    return await(server.read_line()).value_or("(the end)");
}
void clients_of_forwarder(const address& forwarder, event& closed, guide& show) {
    auto one = await(tcp_stream::connect(forwarder));
    show.print("both ways: {}\n", answer_of(one, "hello\n"));
    const std::string big(100'000, 'x');
    auto written = spawn([&] { await(one.write_all(big + '\n')); });
    const auto line = await(one.read_line(big.size()));
    await(written);
    show.check(line && line->size() == big.size(), "a long line went and came");
    one.close_write();
    show.print("after its end: {}\n", await(one.read_line()).value_or(""));

    auto last = await(tcp_stream::connect(forwarder));
    show.print("before SIGTERM: {}\n", answer_of(last, "early\n"));
    ::raise(SIGTERM);
    await(closed.wait());
    try {
        (void)await(tcp_stream::connect(forwarder));
        show.print("a new client: connected\n");
    } catch (const std::system_error& error) {
        show.print("a new client: {}\n", error.code().message());
    }
    show.print("who was there: {}\n", answer_of(last, "late\n"));
    last.close_write();
    show.print("and after its end: {}\n", await(last.read_line()).value_or(""));
}

template <class Forward>
void forwarding(guide& show, Forward forward_one) {
    run([&] {
        const termination asked;
        tcp_listener target(address::loopback(0));
        // At an address of its own: when it is closed nobody else listens there.
        tcp_listener forwarder(address::parse("127.0.0.2:0"));
        const address to = target.local_address();
        event closed;
        while_serving(target, shout, [&] {
            await(with_scope([&](scope& s) {
                auto served = s.spawn(serve(forwarder, [&](tcp_stream client) {
                    return forward_one(std::move(client), to);
                }));
                s.spawn([&]() -> task<> {
                    co_await asked.come();
                    forwarder.close();
                    closed.set();
                });
                clients_of_forwarder(forwarder.local_address(), closed, show);
                await(served);
                show.print("the forwarder has ended\n");
            }));
        });
    });
}
void forwarder(guide& show) {
    play_both(
        show, [](guide& out) { forwarding(out, forward); },
        [](guide& out) { forwarding(out, forward_in_fiber); });
}

// E.15
task<> echo_datagrams(const udp_socket& socket) {
    char bytes[16];
    for (;;) {
        const datagram one = co_await socket.receive_from(bytes, sizeof bytes);
        co_await socket.send_to(std::string_view(bytes, one.size), one.from);
    }
}
void echo_datagrams_in_fiber(const udp_socket& socket) {
    std::array<char, 16> bytes;
    for (;;) {
        const datagram one = await(socket.receive_from(bytes.data(), bytes.size()));
        await(socket.send_to(std::string_view(bytes.data(), one.size), one.from));
    }
}
void client_of_datagrams(const address& server, guide& show) {
    const udp_socket socket(address::loopback(0));
    std::array<char, 64> bytes;
    for (const std::string_view text : {"hello", "", "longer than its buffer"}) {
        await(socket.send_to(text, server));
        const datagram answer = await(socket.receive_from(bytes.data(), bytes.size()));
        show.print("'{}' comes back as '{}'\n", text, std::string_view(bytes.data(), answer.size));
        show.check(answer.from == server, "from the server");
    }
}
template <class Echo>
void datagrams(guide& show, Echo echo) {
    run([&] {
        const udp_socket socket(address::loopback(0));
        await(with_scope([&](scope& s) {
            s.spawn(echo, std::cref(socket));
            client_of_datagrams(socket.local_address(), show);
            s.cancel();  // it knows no end
        }));
    });
}
void datagram_echo(guide& show) {
    play_both(
        show, [](guide& out) { datagrams(out, echo_datagrams); },
        [](guide& out) { datagrams(out, echo_datagrams_in_fiber); });
}

// E.16

/// A file that only the server may open: who asks for it gets it open.
task<> lend(unix_stream peer, const scratch_log& log) {
    const auto wanted = co_await peer.read_line();
    if (wanted == "the log") {
        const unique_fd file(::open(log.path().c_str(), O_RDONLY | O_CLOEXEC));
        co_await peer.send_descriptor(file.get());
    }
    co_await peer.write_all("you are " + std::to_string(peer.credentials().process) + '\n');
}
task<std::string> borrow(const address& server, guide& show) {
    auto peer = co_await unix_stream::connect(server);
    co_await peer.write_all("the log\n");
    auto file = co_await peer.receive_descriptor();  // before a read takes more than is asked for
    const pipe_reader content(file.release());
    const auto told = co_await peer.read_line();
    show.check(told == "you are " + std::to_string(::getpid()), "the kernel vouches for who asks");
    std::string text(64, '\0');
    const std::size_t n = co_await content.read_some(text.data(), text.size());
    text.resize(n);
    co_return text;
}
task<> unix_pair(guide& show) {
    auto ends = unix_stream::pair();
    co_await ends.first.write_all("ping\n");
    auto heard = co_await ends.second.read_line();
    show.print("one end says {}\n", heard.value_or(""));
    co_await ends.second.write_all("pong\n");
    heard = co_await ends.first.read_line();
    show.print("the other says {}\n", heard.value_or(""));
}
task<> unix_server(guide& show) {
    scratch_log log;
    log.append("what happened\n");
    const std::string path = log.path() + ".socket";
    {
        unix_listener listener(address::unix_path(path));
        co_await with_scope([&](scope& s) -> task<> {
            s.spawn(serve(listener, [&](unix_stream peer) { return lend(std::move(peer), log); }));
            const std::string text = co_await borrow(listener.local_address(), show);
            show.print("the file that was passed: {}", text);
            listener.close();
        });
    }
    show.check(!std::filesystem::exists(path), "its place in the file system is gone with it");
}

void lend_in_fiber(unix_stream peer, const scratch_log& log) {
    const auto wanted = await(peer.read_line());
    if (wanted == "the log") {
        const unique_fd file(::open(log.path().c_str(), O_RDONLY | O_CLOEXEC));
        await(peer.send_descriptor(file.get()));
    }
    await(peer.write_all("you are " + std::to_string(peer.credentials().process) + '\n'));
}
std::string borrow_in_fiber(const address& server, guide& show) {
    auto peer = await(unix_stream::connect(server));
    await(peer.write_all("the log\n"));
    const pipe_reader content(await(peer.receive_descriptor()).release());
    show.check(await(peer.read_line()) == "you are " + std::to_string(::getpid()),
               "the kernel vouches for who asks");
    std::string text(64, '\0');
    text.resize(await(content.read_some(text.data(), text.size())));
    return text;
}
void unix_in_fibers(guide& show) {
    auto [one, other] = unix_stream::pair();
    await(one.write_all("ping\n"));
    show.print("one end says {}\n", await(other.read_line()).value_or(""));
    await(other.write_all("pong\n"));
    show.print("the other says {}\n", await(one.read_line()).value_or(""));

    scratch_log log;
    log.append("what happened\n");
    unix_listener listener(address::unix_path(log.path() + ".socket"));
    while_serving(
        listener, [&](unix_stream peer) { lend_in_fiber(std::move(peer), log); },
        [&] {
            show.print("the file that was passed: {}",
                       borrow_in_fiber(listener.local_address(), show));
        });
}

void unix_sockets(guide& show) {
    play_both(
        show,
        [](guide& out) {
            run(unix_pair(out));
            run(unix_server(out));
        },
        [](guide& out) { run(unix_in_fibers, std::ref(out)); });
}

}  // namespace

programs network_sockets() {
    return {
        {
            .id = "E.14",
            .title = "a port forwarder",
            .shows = "Both directions, each with its own end; SIGTERM ends it when those who are "
                     "connected have finished.",
            .run = forwarder,
            .expected = "both ways: HELLO\n"
                        "after its end: 2 lines\n"
                        "before SIGTERM: EARLY\n"
                        "a new client: Connection refused\n"
                        "who was there: LATE\n"
                        "and after its end: 2 lines\n"
                        "the forwarder has ended\n",
        },
        {
            .id = "E.15",
            .title = "an echo of datagrams",
            .shows = "One in, one out: an empty one is one too, and what does not fit is lost.",
            .run = datagram_echo,
            .expected = "'hello' comes back as 'hello'\n"
                        "'' comes back as ''\n"
                        "'longer than its buffer' comes back as 'longer than its '\n",
        },
        {
            .id = "E.16",
            .title = "unix sockets",
            .shows = "A pair, a server at a path, and an open file that goes from one to the "
                     "other.",
            .run = unix_sockets,
            .expected = "one end says ping\nthe other says pong\n"
                        "the file that was passed: what happened\n",
        },
    };
}

}  // namespace weft::tour
