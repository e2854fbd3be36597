#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"
#include "weft/sync/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <source_location>
#include <utility>

namespace weft {

/// How to serve.
class WEFT_EXPORT serve_options {
public:
    /// Gets what a handler has thrown, and why accepting pauses. On the loop's thread; it must not
    /// throw.
    using error_handler = std::function<void(const std::exception_ptr&)>;
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    serve_options() = default;
    /// At most so many at once, at least 1. Default: as many as there are descriptors for.
    serve_options& max_connections(std::size_t n) noexcept {
        max_connections_ = n;
        return *this;
    }
    /// How long connections may go on when the listener has been closed. Default 30 s.
    serve_options& drain(std::chrono::nanoseconds d) noexcept {
        drain_ = d;
        return *this;
    }
    /// Default: `report_unhandled`, but nothing of peers that are gone (`ECONNRESET`, `EPIPE`).
    serve_options& on_error(error_handler f) {
        on_error_ = std::move(f);
        return *this;
    }
    /// Called once, before the first connection is accepted; by `serve_on_every_loop` when all
    /// loops listen. What it throws ends the server.
    serve_options& on_listening(std::function<void()> f) {
        on_listening_ = std::move(f);
        return *this;
    }
    /// Called once, when the listener has been closed and connections are given time to finish.
    serve_options& on_draining(std::function<void()> f) {
        on_draining_ = std::move(f);
        return *this;
    }

    [[nodiscard]] std::size_t max_connections() const noexcept { return max_connections_; }
    [[nodiscard]] std::chrono::nanoseconds drain() const noexcept { return drain_; }
    [[nodiscard]] const error_handler& on_error() const noexcept { return on_error_; }
    [[nodiscard]] const std::function<void()>& on_listening() const noexcept {
        return on_listening_;
    }
    [[nodiscard]] const std::function<void()>& on_draining() const noexcept { return on_draining_; }

private:
    std::size_t max_connections_ = unlimited;
    std::chrono::nanoseconds drain_ = std::chrono::seconds(30);
    error_handler on_error_;
    std::function<void()> on_listening_;
    std::function<void()> on_draining_;
};

namespace detail {

/// What a server's coroutines share. Lives longer than any of them.
class WEFT_EXPORT serve_state {
public:
    /// Throws `usage_error` for a limit of none.
    serve_state(serve_options how, std::source_location at);

    /// A connection's place, from when it is accepted until it has ended.
    class place {
    public:
        explicit place(serve_state& of) noexcept : of_(&of) { ++of.live_; }
        place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (of_ != nullptr) of_->ended();
        }

    private:
        serve_state* of_;
    };

    /// Where the server was begun: its connections are named after that place.
    [[nodiscard]] std::source_location at() const noexcept { return at_; }
    [[nodiscard]] bool is_limited() const noexcept {
        return how_.max_connections() != serve_options::unlimited;
    }
    /// No more may be accepted now, though the listener is open.
    [[nodiscard]] bool is_full() const noexcept {
        return live_ >= how_.max_connections() && !is_closed_;
    }
    /// Returns when the listener is closed: for who does not wait for connections meanwhile.
    [[nodiscard]] task<> watch(int listener);
    /// Waits until a connection has ended, the listener is closed, or so long.
    [[nodiscard]] task<> until_ended(std::chrono::nanoseconds at_most = forever);
    void accepted() noexcept { is_short_ = false; }
    /// The server begins, and has closed its listener: tells who wants to know.
    void listens() const {
        if (how_.on_listening()) how_.on_listening()();
    }
    void drains() const {
        if (how_.on_draining()) how_.on_draining()();
    }
    /// An accept, or a begin, has failed: waits a while, if that may help; false when the listener
    /// is closed. Rethrows what nothing can be done about.
    [[nodiscard]] task<bool> pause(std::exception_ptr error);
    /// Waits until no connection is left, or the time for that is over.
    [[nodiscard]] task<> drain();
    void failed(const std::exception_ptr& error) noexcept;

private:
    static constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

    void ended() noexcept;

    serve_options how_;
    std::source_location at_;
    std::size_t live_ = 0;
    event one_ended_;  // or the listener is closed
    bool is_closed_ = false;
    bool is_short_ = false;  // of descriptors or memory: reported once until an accept succeeds
};

}  // namespace detail
}  // namespace weft
