#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/scope.hpp"
#include "weft/core/stop_state.hpp"
#include "weft/core/task.hpp"
#include "weft/net/serve_state.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

/// A coroutine for each connection.
namespace weft {
namespace detail {

template <class Handler, class Stream>
task<> serve_connection(serve_state& state, Handler& handler, Stream stream, serve_state::place) {
    try {
        co_await std::invoke(handler, std::move(stream));
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        state.failed(std::current_exception());
    }
}

/// The same in a fiber.
template <class Handler, class Stream>
class fiber_connection {
public:
    fiber_connection(serve_state& state, Handler& handler, Stream stream,
                     serve_state::place p) noexcept
        : state_(&state), handler_(&handler), stream_(std::move(stream)), place_(std::move(p)) {}
    void operator()() {
        try {
            std::invoke(*handler_, std::move(stream_));
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            state_->failed(std::current_exception());
        }
    }

private:
    serve_state* state_;
    Handler* handler_;
    Stream stream_;
    serve_state::place place_;
};

template <class Handler, class Stream>
void begin_connection(scope& connections, serve_state& state, Handler& handler, Stream accepted) {
    serve_state::place held(state);
    if constexpr (awaitable<std::invoke_result_t<Handler&, Stream>>)
        connections.spawn(serve_connection(state, handler, std::move(accepted), std::move(held)),
                          state.at());
    else
        connections.spawn(
            fiber_connection<Handler, Stream>(state, handler, std::move(accepted), std::move(held)),
            state.at());
}

/// The loop is told to stop: nobody is accepted any more.
template <class Listener>
class closes_when_stopping final : public stop_watch {
public:
    explicit closes_when_stopping(Listener& l) noexcept
        : stop_watch([](stop_watch& w) noexcept {
              static_cast<closes_when_stopping&>(w).listener_->close();
          }),
          listener_(&l) {
        watch_stop(*this);
    }

private:
    Listener* listener_;
};

template <class Listener, class Handler>
task<> accept_all(scope& connections, Listener& listener, Handler& handler, serve_state& state) {
    const closes_when_stopping at_stop(listener);
    if (state.is_limited()) connections.spawn(state.watch(listener.descriptor()));
    for (;;) {
        while (state.is_full()) co_await state.until_ended();
        std::exception_ptr refused;
        try {
            auto accepted = co_await listener.accept();
            begin_connection(connections, state, handler, std::move(accepted));
            state.accepted();
        } catch (const std::exception&) {
            refused = std::current_exception();
        }
        if (refused) [[unlikely]] {
            const bool goes_on = co_await state.pause(refused);
            if (!goes_on) break;
        }
    }
    // The listener is closed: those who are there may finish.
    state.drains();
    co_await state.drain();
    connections.cancel();
}

}  // namespace detail

/// Accepts connections and runs `handler(stream)` for each in a coroutine of its own: a task when
/// the handler is a coroutine function, else a fiber. The handler is called by many at once.
///
/// ```cpp
/// weft::task<> echo(weft::tcp_stream peer) {
///     char bytes[4096];
///     while (const std::size_t n = co_await peer.read_some(bytes, sizeof bytes))
///         co_await peer.write_all(std::string_view(bytes, n));
/// }
/// weft::task<> serve_echo() {
///     weft::tcp_listener listener(weft::address::any(7));
///     co_await weft::serve(listener, echo, weft::serve_options{}.max_connections(10'000));
/// }
/// ```
///
/// 1. While `max_connections` are open no more are accepted: they wait in the kernel's queue, and
///    when that is full too, clients wait (back-pressure).
/// 2. Closing the listener, from another coroutine, ends it gracefully: connections have
///    `drain` time to finish, then they are cancelled, and `serve` returns. Cancelling whoever
///    awaits `serve` cancels the connections at once.
///    So does a loop that is told to stop (`options::drain`, `stopping`): it closes the listener,
///    and the shorter of the two times counts.
/// 3. When there are too many open files (or no memory), accepting pauses until a connection has
///    ended, or a tenth of a second; no error ends the server but that of a listener that is none.
/// 4. What a handler throws ends its connection only, and goes to `on_error`.
template <class Listener, class Handler>
[[nodiscard]] task<> serve(Listener& listener, Handler handler, serve_options how = {},
                           std::source_location at = std::source_location::current()) {
    static_assert(std::invocable<Handler&, typename Listener::stream>,
                  "the handler takes the stream by value: handler(weft::tcp_stream)");
    detail::serve_state state(std::move(how), at);
    state.listens();
    co_await with_scope(detail::accept_all<Listener, Handler>, std::ref(listener),
                        std::ref(handler), std::ref(state));
}

}  // namespace weft
