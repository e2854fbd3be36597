#include "echo_servers.hpp"

#include "echo_memory.hpp"

#include "weft/io/driver_uring.hpp"
#include "weft/weft.hpp"

#include <cerrno>
#include <csignal>
#include <malloc.h>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

// The servers that are compared. Their lines are counted where they stand: between a `begin` and
// its `lines`.
namespace weft::tour::echo {
namespace {

// What processes and threads do with a connection.
constexpr int blocking_begin = __LINE__;
void converse(int peer) {
    char bytes[4096];
    for (;;) {
        const ssize_t n = ::recv(peer, bytes, sizeof bytes, 0);
        if (n <= 0) break;
        if (::send(peer, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) break;
    }
    ::close(peer);
}
constexpr int blocking_lines = __LINE__ - blocking_begin - 1;

constexpr int processes_begin = __LINE__;
void serve_by_processes(int listener) {
    std::vector<pid_t> children;
    for (;;) {
        const int peer = ::accept(listener, nullptr, nullptr);
        if (peer < 0) break;
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(listener);
            converse(peer);
            ::_exit(0);
        }
        ::close(peer);
        std::erase_if(children, [](pid_t p) { return ::waitpid(p, nullptr, WNOHANG) == p; });
        if (child > 0) children.push_back(child);
    }
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}
constexpr int processes_lines = __LINE__ - processes_begin - 1;

constexpr int threads_begin = __LINE__;
void serve_by_threads(int listener) {
    std::vector<std::thread> all;
    for (;;) {
        const int peer = ::accept(listener, nullptr, nullptr);
        if (peer < 0) break;
        all.emplace_back(converse, peer);
    }
    for (std::thread& one : all) one.join();
}
constexpr int threads_lines = __LINE__ - threads_begin - 1;

constexpr int callbacks_begin = __LINE__;
class callback_server {
public:
    explicit callback_server(int listener) : listener_(listener), set_(::epoll_create1(0)) {
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    }
    void run() {
        epoll_event events[256];
        while (is_open_ || live_ > 0) {
            const int n = ::epoll_wait(set_.get(), events, 256, -1);
            for (int i = 0; i < n; ++i) {
                auto* const one = static_cast<connection*>(events[i].data.ptr);
                if (one == nullptr)
                    on_connection();
                else if (one->unsent.empty())
                    on_bytes(*one);
                else
                    on_room(*one);
            }
        }
    }

private:
    struct connection {
        int peer;
        std::string unsent;
    };

    void on_connection() {
        const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (peer < 0) {
            if (errno == EAGAIN) return;
            is_open_ = false;
            ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, listener_, nullptr);
            return;
        }
        ++live_;
        watch(EPOLL_CTL_ADD, peer, EPOLLIN, new connection{peer, {}});
    }
    void on_bytes(connection& c) {
        char bytes[4096];
        const ssize_t n = ::recv(c.peer, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return end(c);
        ssize_t sent = ::send(c.peer, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return end(c);
        if (sent < 0) sent = 0;
        if (sent == n) return;
        c.unsent.assign(bytes + sent, static_cast<std::size_t>(n - sent));
        watch(EPOLL_CTL_MOD, c.peer, EPOLLOUT, &c);
    }
    void on_room(connection& c) {
        const ssize_t sent = ::send(c.peer, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) return end(c);
        c.unsent.erase(0, static_cast<std::size_t>(sent));
        if (c.unsent.empty()) watch(EPOLL_CTL_MOD, c.peer, EPOLLIN, &c);
    }
    void end(connection& c) {
        ::close(c.peer);
        delete &c;
        --live_;
    }
    void watch(int change, int fd, std::uint32_t events, connection* c) const {
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.ptr = c;
        ::epoll_ctl(set_.get(), change, fd, &wanted);
    }

    int listener_;
    unique_fd set_;
    bool is_open_ = true;
    int live_ = 0;
};
constexpr int callbacks_lines = __LINE__ - callbacks_begin - 1;

constexpr int tasks_begin = __LINE__;
task<> echo(tcp_stream peer) {
    char bytes[4096];
    while (const std::size_t n = co_await peer.read_some(bytes, sizeof bytes))
        co_await peer.write_all(std::string_view(bytes, n));
}
task<> serve_by_tasks(tcp_listener& listener) {
    co_await serve(listener, echo);
}
constexpr int tasks_lines = __LINE__ - tasks_begin - 1;

constexpr int fibers_begin = __LINE__;
void echo_in_fiber(tcp_stream peer) {
    char bytes[4096];
    while (const std::size_t n = await(peer.read_some(bytes, sizeof bytes)))
        await(peer.write_all(std::string_view(bytes, n)));
}
void serve_by_fibers(tcp_listener& listener) {
    await(serve(listener, echo_in_fiber));
}
constexpr int fibers_lines = __LINE__ - fibers_begin - 1;

}  // namespace
}  // namespace weft::tour::echo

namespace weft::tour {
namespace {

template <class Serve>
serve_echo on_a_loop(Serve serve_all, make_driver_call make) {
    return [serve_all, make](unique_fd listening, shared_event& stop) {
        // On a busy machine a server that is not to blame would be reported as slow.
        const auto how = options().driver(make).watchdog(std::chrono::nanoseconds::zero());
        weft::run(how, [&] {
            tcp_listener listener(owned_descriptor::adopt(listening.release()));
            await(with_scope([&](scope& s) {
                s.spawn(serve_all, std::ref(listener));
                await(stop.wait());
                listener.close();
            }));
        });
    };
}
serve_echo blocking(void (*serve_all)(int)) {
    return [serve_all](unique_fd listening, shared_event&) { serve_all(listening.get()); };
}

unique_fd listen_somewhere(address& at) {
    unique_fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const address wanted = address::loopback(0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::bind(listening.get(), static_cast<const sockaddr*>(wanted.data()),
               static_cast<socklen_t>(wanted.size())) != 0 ||
        ::listen(listening.get(), 4096) != 0 ||
        ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        throw_system_error(errno, "listening");
    at = address::from_bytes(&bound, size);
    return listening;
}

/// A server on a thread, until this is destroyed or `end()`ed.
class server_thread {
public:
    explicit server_thread(const echo_model& model) : ends_by_shutdown_(model.ends_by_shutdown) {
        unique_fd listening = listen_somewhere(at_);
        if (ends_by_shutdown_) {
            listening_.reset(::dup(listening.get()));
            if (!listening_) throw_system_error(errno, "dup");
        }
        thread_ = std::thread([this, &model, fd = listening.release()] {
            try {
                model.serve(unique_fd(fd), stop_);
            } catch (...) {
                error_ = std::current_exception();
            }
        });
    }
    server_thread(const server_thread&) = delete;
    server_thread& operator=(const server_thread&) = delete;
    ~server_thread() { stop(); }

    [[nodiscard]] const address& at() const { return at_; }
    void end() {
        stop();
        if (error_) std::rethrow_exception(error_);
    }

private:
    void stop() {
        if (!thread_.joinable()) return;
        stop_.set();
        if (ends_by_shutdown_) ::shutdown(listening_.get(), SHUT_RDWR);
        thread_.join();
    }

    bool ends_by_shutdown_;
    address at_;
    unique_fd listening_;
    shared_event stop_;
    std::exception_ptr error_;
    std::thread thread_;
};

/// As many open files as the system lets this process have.
class many_files {
public:
    many_files() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit most = before_;
        most.rlim_cur = most.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &most);
    }
    many_files(const many_files&) = delete;
    many_files& operator=(const many_files&) = delete;
    ~many_files() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

/// `RUSAGE_SELF`, or `RUSAGE_CHILDREN` for those that have ended.
std::chrono::nanoseconds processor_time(int whose) {
    rusage used{};
    ::getrusage(static_cast<decltype(RUSAGE_SELF)>(whose), &used);
    const auto total = [](const timeval& t) {
        return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
    };
    return total(used.ru_utime) + total(used.ru_stime);
}

}  // namespace

serve_echo echo_by_tasks(make_driver_call make) {
    return on_a_loop(echo::serve_by_tasks, std::move(make));
}
serve_echo echo_by_fibers(make_driver_call make) {
    return on_a_loop(echo::serve_by_fibers, std::move(make));
}
serve_echo echo_by_threads() {
    return blocking(echo::serve_by_threads);
}

bool echo_driver::is_here() const {
    try {
        return make() != nullptr;
    } catch (const std::system_error&) {
        return false;
    }
}

std::vector<echo_driver> echo_drivers() {
    return {
        {"epoll", [] { return std::make_unique<driver_epoll>(); }},
        {"io_uring", [] { return std::make_unique<driver_uring>(); }},
    };
}

std::vector<echo_model> echo_models() {
    using namespace echo;
    const auto callbacks = [](int listener) { callback_server(listener).run(); };
    std::vector<echo_model> all{
        {"processes", "blocks", blocking_lines + processes_lines, blocking(serve_by_processes),
         true},
        {"threads", "blocks", blocking_lines + threads_lines, echo_by_threads(), true},
        {"callbacks", "epoll", callbacks_lines, blocking(callbacks), true},
    };
    for (const echo_driver& one : echo_drivers()) {
        if (!one.is_here()) continue;
        all.push_back({"tasks", one.name, tasks_lines, echo_by_tasks(one.make), false});
        all.push_back({"fibers", one.name, fibers_lines, echo_by_fibers(one.make), false});
    }
    return all;
}

echo_measurement measure_echo(const echo_model& model, const load_plan& plan) {
    const many_files limit;
    echo_load clients(plan);
    server_thread server(model);
    const auto before = processor_time(RUSAGE_SELF);
    echo_measurement found;
    found.load = clients.run(server.at());
    found.server_cpu = processor_time(RUSAGE_SELF) - before;
    // The clients have ended. What ends from here on is the server's.
    const auto others = processor_time(RUSAGE_CHILDREN);
    server.end();
    found.server_cpu += processor_time(RUSAGE_CHILDREN) - others;
    return found;
}

double measure_echo_memory(const echo_model& model, int first, int connections) {
    const many_files limit;
    ::malloc_trim(0);  // What others have left behind would be used again, and not seen.
    server_thread server(model);
    double bytes = 0;
    {
        silent_clients clients;
        clients.connect(server.at(), first);
        bytes = memory_in_use();
        clients.connect(server.at(), connections);
        bytes = memory_in_use() - bytes;
    }
    server.end();
    return std::max(bytes, 0.0) / connections;
}

}  // namespace weft::tour
