#pragma once

#include "weft/base/export.hpp"
#include "weft/core/remote_handle.hpp"
#include "weft/core/scope.hpp"
#include "weft/core/task.hpp"
#include "weft/core/with_cleanup.hpp"
#include "weft/net/address.hpp"
#include "weft/net/serve.hpp"
#include "weft/net/tcp_listener.hpp"
#include "weft/sync/shared_event.hpp"

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

/// A server on all loops of `run`.
namespace weft {
namespace detail {

/// The listener of another loop, for who wants it closed: that loop's thread only.
class WEFT_EXPORT remote_listener {
public:
    /// For as long as a server has it.
    class opened {
    public:
        opened(remote_listener& in, tcp_listener& l) noexcept : in_(in) {
            in_.listener_ = &l;
            if (in_.is_closed_) l.close();
            in_.listens_.set();
        }
        opened(const opened&) = delete;
        opened& operator=(const opened&) = delete;
        ~opened() { in_.listener_ = nullptr; }

    private:
        remote_listener& in_;
    };

    remote_listener() = default;
    /// For any loop.
    [[nodiscard]] shared_event& listens() noexcept { return listens_; }
    void close() noexcept {
        is_closed_ = true;
        if (listener_ != nullptr) listener_->close();
    }

private:
    tcp_listener* listener_ = nullptr;
    bool is_closed_ = false;
    shared_event listens_;
};

template <class Handler>
task<> serve_there(std::shared_ptr<remote_listener> known_as, address at, Handler handler,
                   serve_options how, listen_options listen) {
    tcp_listener listener(at, listen.reuse_port(true));
    const remote_listener::opened here(*known_as, listener);
    co_await serve(listener, std::move(handler), std::move(how));
}

class WEFT_EXPORT remote_child {
public:
    explicit remote_child(remote_handle<void> there) noexcept : there_(std::move(there)) {}
    [[nodiscard]] remote_handle<void>::awaiter wait() const { return there_.get(); }
    [[nodiscard]] task<> end() const {
        there_.cancel();
        co_await there_.join();
    }

private:
    remote_handle<void> there_;
};

/// Waits for a coroutine of another loop. Cancelled, it cancels that, and sees it end.
[[nodiscard]] WEFT_EXPORT task<> follow_remote(remote_handle<void> there);

template <class Handler>
task<> serve_on_all(scope& servers, tcp_listener& first, Handler& handler, const serve_options& how,
                    const listen_options& others) {
    const std::span<const remote_loop> all = loops();
    const std::size_t mine = loop::current().index();
    std::vector<std::shared_ptr<remote_listener>> listeners(all.size());
    const serve_options how_there = serve_options(how).on_listening(nullptr).on_draining(nullptr);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i == mine) continue;
        listeners[i] = std::make_shared<remote_listener>();
        servers.spawn(follow_remote(spawn_on(all[i], serve_there<Handler>, listeners[i],
                                             first.local_address(), handler, how_there, others)));
    }
    for (const auto& other : listeners)
        if (other != nullptr) co_await other->listens().wait();
    serve_options how_here = how;
    how_here.on_draining([&] {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (i != mine) all[i].post([closes = listeners[i]] { closes->close(); });
        if (how.on_draining()) how.on_draining()();
    });
    co_await serve(first, handler, std::move(how_here));
}

}  // namespace detail

/// `serve` on each loop of `run` (`options::threads`), at one address: the kernel spreads the
/// connections over the loops (SO_REUSEPORT), and each stays on the one that has accepted it.
///
/// ```cpp
/// weft::task<> echo_here(weft::tcp_stream peer) {
///     char bytes[4096];
///     while (const std::size_t n = co_await peer.read_some(bytes, sizeof bytes))
///         co_await peer.write_all(std::string_view(bytes, n));
/// }
/// void serve_on_four() {
///     weft::run(weft::options().threads(4).drain(std::chrono::seconds(30)), [] {
///         return weft::serve_on_every_loop(weft::address::any(7), echo_here);
///     });
/// }
/// ```
///
/// 1. Each loop has a copy of the handler; what the copies share is shared by threads, and so is
///    what `serve_options::on_error` touches. `max_connections` is the limit of each loop.
/// 2. It ends as `serve` does, on all loops: when the first listener is closed, when the loops are
///    told to stop, when it is cancelled. An error of one server, as a listener that cannot be
///    made, cancels the others and is thrown.
/// 3. `serve_options::on_listening` is called when all of them listen: of who connects before, the
///    first loop gets more.
///
/// `first` is the listener of this loop, made with `listen_options::reuse_port(true)`: for who
/// wants to know its port before. The others are made as `others` says, at the same address.
template <class Handler>
[[nodiscard]] task<> serve_on_every_loop(tcp_listener& first, Handler handler,
                                         serve_options how = {}, listen_options others = {}) {
    co_await with_scope(detail::serve_on_all<Handler>, std::ref(first), std::ref(handler),
                        std::cref(how), std::cref(others));
}
template <class Handler>
[[nodiscard]] task<> serve_on_every_loop(address at, Handler handler, serve_options how = {},
                                         listen_options listen = {}) {
    tcp_listener first(at, listen.reuse_port(true));
    co_await serve_on_every_loop(first, std::move(handler), std::move(how), listen);
}

}  // namespace weft
