#include "echo_load.hpp"

#include "weft/base/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::tour {

/// What a process has found, in memory that it shares with its parent.
struct echo_load::report {
    static constexpr int slot_us = 10;
    std::uint64_t messages;
    std::uint64_t errors;
    double seconds;
    std::array<std::uint32_t, load_result::longest.count() / slot_us>
        latencies;  // the last: and more
};

namespace {

using clock = std::chrono::steady_clock;
using message = std::array<char, echo_load::message_size>;

/// How long an answer may take before it counts as an error.
constexpr auto patience = std::chrono::seconds(20);

/// One connection of a client. It says something, waits for its echo, and again.
struct talker {
    int socket = -1;
    std::size_t received = 0;
    bool is_waiting = false;
    clock::time_point said;
    message said_bytes;
    message heard_bytes;
};

/// A client process: no more than system calls, as its parent has threads.
template <class Report>
class client {
public:
    client(Report& found, const load_plan& plan, talker* talkers) noexcept
        : report_(found), plan_(plan), talkers_(talkers) {}

    void run(const address& server) {
        set_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (int n = 0; n < plan_.connections; ++n) connect(n, server);
        const auto begin = clock::now();
        end_ = begin + plan_.time;
        for (int n = 0; n < plan_.connections; ++n)  // each says something, though it be late
            if (talkers_[n].socket >= 0) say(talkers_[n], begin);
        while (waiting_ > 0 && clock::now() < end_ + patience) listen();
        report_.errors += static_cast<std::uint64_t>(waiting_);
        report_.seconds = std::chrono::duration<double>(clock::now() - begin).count();
    }

private:
    void connect(int n, const address& server) {
        talker& t = talkers_[n];
        t.socket = ::socket(server.domain(), SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(t.socket, static_cast<const sockaddr*>(server.data()),
                      static_cast<socklen_t>(server.size())) != 0) {
            ++report_.errors;
            ::close(t.socket);
            t.socket = -1;
            return;
        }
        const int on = 1;
        ::setsockopt(t.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::fcntl(t.socket, F_SETFL, O_NONBLOCK);
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.ptr = &t;
        ::epoll_ctl(set_, EPOLL_CTL_ADD, t.socket, &wanted);
        for (std::size_t i = 0; i < t.said_bytes.size(); ++i)
            t.said_bytes[i] = static_cast<char>('a' + (i + static_cast<std::size_t>(n)) % 26);
    }

    void say(talker& t, clock::time_point now) {
        t.said = now;
        t.received = 0;
        // There is room: all that was said before has come back.
        if (::send(t.socket, t.said_bytes.data(), t.said_bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(t.said_bytes.size())) {
            fail(t);
            return;
        }
        t.is_waiting = true;
        ++waiting_;
    }

    void listen() {
        std::array<epoll_event, 256> events;
        const int n = ::epoll_wait(set_, events.data(), events.size(), 100);
        for (int i = 0; i < n; ++i)
            hear(*static_cast<talker*>(events[static_cast<std::size_t>(i)].data.ptr));
    }

    void hear(talker& t) {
        const ssize_t n = ::recv(t.socket, t.heard_bytes.data() + t.received,
                                 t.heard_bytes.size() - t.received, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            fail(t);
            return;
        }
        t.received += static_cast<std::size_t>(n);
        if (t.received < t.heard_bytes.size()) return;
        t.is_waiting = false;
        --waiting_;
        if (t.heard_bytes != t.said_bytes) {
            fail(t);
            return;
        }
        ++report_.messages;
        const auto now = clock::now();
        const auto took =
            std::chrono::duration_cast<std::chrono::microseconds>(now - t.said).count();
        const auto slot = static_cast<std::size_t>(took / Report::slot_us);
        ++report_.latencies[std::min(slot, report_.latencies.size() - 1)];
        if (now < end_) say(t, now);
    }

    void fail(talker& t) {
        ++report_.errors;
        if (t.is_waiting) --waiting_;
        t.is_waiting = false;
        ::close(t.socket);
        t.socket = -1;
    }

    Report& report_;
    const load_plan& plan_;
    talker* talkers_;
    int set_ = -1;
    int waiting_ = 0;
    clock::time_point end_;
};

template <class T>
T* shared_memory(std::size_t count) {
    void* const at = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw_system_error(errno, "allocating shared memory");
    return new (at) T[count];
}

}  // namespace

echo_load::echo_load(const load_plan& plan) : plan_(plan) {
    std::vector<talker> talkers(static_cast<std::size_t>(plan.connections));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error(errno, "opening a pipe");
    const unique_fd word(ends[0]);
    unique_fd begin(ends[1]);
    reports_ = shared_memory<report>(static_cast<std::size_t>(plan.processes));
    const pid_t parent = ::getpid();
    for (int n = 0; n < plan.processes; ++n) {
        const pid_t child = ::fork();
        if (child > 0) processes_.push_back(child);
        if (child != 0) continue;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        begin.reset();
        std::array<char, address::size_max> server{};
        if (::getppid() == parent && ::read(word.get(), server.data(), server.size()) > 0)
            client<report>(reports_[n], plan_, talkers.data())
                .run(address::from_bytes(server.data(), sizeof(sockaddr_in)));
        ::_exit(0);
    }
    begin_ = begin.release();
}

echo_load::~echo_load() {
    end_all();
    ::munmap(reports_, static_cast<std::size_t>(plan_.processes) * sizeof(report));
}

void echo_load::end_all() noexcept {
    if (begin_ >= 0) ::close(begin_);
    begin_ = -1;
    for (const pid_t child : processes_) ::waitpid(child, nullptr, 0);
    processes_.clear();
}

load_result echo_load::run(const address& server) {
    if (processes_.size() != static_cast<std::size_t>(plan_.processes))
        throw_system_error(EAGAIN, "fork");
    std::array<char, address::size_max> bytes{};
    std::memcpy(bytes.data(), server.data(), server.size());
    // Each takes as much as one of these.
    for (int n = 0; n < plan_.processes; ++n)
        if (::write(begin_, bytes.data(), bytes.size()) < 0) throw_system_error(errno, "write");
    end_all();

    load_result all;
    std::vector<std::uint64_t> latencies(reports_->latencies.size());
    for (int n = 0; n < plan_.processes; ++n) {
        const report& one = reports_[n];
        all.messages += one.messages;
        all.errors += one.errors;
        all.seconds = std::max(all.seconds, one.seconds);
        for (std::size_t i = 0; i < latencies.size(); ++i) latencies[i] += one.latencies[i];
    }
    const auto quantile = [&](double q) {
        auto left = static_cast<std::uint64_t>(q * static_cast<double>(all.messages));
        std::size_t slot = 0;
        while (slot + 1 < latencies.size() && latencies[slot] <= left) left -= latencies[slot++];
        return std::chrono::microseconds((slot + 1) * report::slot_us);
    };
    all.p50 = quantile(0.50);
    all.p99 = quantile(0.99);
    return all;
}

}  // namespace weft::tour
