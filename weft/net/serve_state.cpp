#include "weft/net/serve_state.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/exception_group.hpp"
#include "weft/io/readiness.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace weft::detail {
namespace {

constexpr auto short_pause = std::chrono::milliseconds(100);

enum class remedy : std::uint8_t { none, closed, wait, again };

remedy remedy_for(int error) noexcept {
    switch (error) {
        case EBADF: return remedy::closed;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EAGAIN:
            return remedy::wait;  // the last of a thread or a mapping
        // That connection was broken before it was accepted; Linux tells its errors here
        // (accept(2)).
        case ECONNABORTED:
        case ECONNRESET:
        case EPROTO:
        case EPERM:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ETIMEDOUT: return remedy::again;
        default: return remedy::none;
    }
}

remedy remedy_for(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& e) {
        const bool is_errno = e.code().category() == std::generic_category() ||
                              e.code().category() == std::system_category();
        return is_errno ? remedy_for(e.code().value()) : remedy::none;
    } catch (const std::bad_alloc&) {
        return remedy::wait;
    } catch (...) {
        return remedy::none;
    }
}

/// The peer has gone: no error of this program.
bool is_departure(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& several) {
        return std::ranges::all_of(several.errors(), is_departure);
    } catch (const std::system_error& e) {
        return e.code() == std::errc::connection_reset || e.code() == std::errc::broken_pipe;
    } catch (...) {
        return false;
    }
}

}  // namespace

serve_state::serve_state(serve_options how, std::source_location at)
    : how_(std::move(how)), at_(at) {
    if (how_.max_connections() == 0)
        throw usage_error("serve() with max_connections(0) would accept nobody: give at least 1");
}

task<> serve_state::watch(int listener) {
    // Of a listener this waits for its end only.
    try {
        co_await wait_writable(listener);
    } catch (const std::system_error&) {
        is_closed_ = true;
        one_ended_.set();
    }
}

task<> serve_state::until_ended(std::chrono::nanoseconds at_most) {
    one_ended_.clear();
    if (at_most == forever) {
        co_await one_ended_.wait();
        co_return;
    }
    try {
        auto ended = one_ended_.wait();
        co_await with_timeout(at_most, ended);
    } catch (const timed_out&) {
        // As good.
    }
}

task<bool> serve_state::pause(std::exception_ptr error) {
    switch (remedy_for(error)) {
        case remedy::closed: co_return false;
        case remedy::again: co_return true;
        case remedy::wait: break;
        case remedy::none: std::rethrow_exception(error);
    }
    if (!is_short_) failed(error);
    is_short_ = true;
    co_await until_ended(short_pause);
    co_return true;
}

task<> serve_state::drain() {
    is_closed_ = true;
    const clock::time_point end = saturating_add(clock::now(), how_.drain());
    while (live_ > 0 && clock::now() < end) co_await until_ended(end - clock::now());
}

void serve_state::ended() noexcept {
    --live_;
    one_ended_.set();
}

void serve_state::failed(const std::exception_ptr& error) noexcept {
    if (how_.on_error())
        how_.on_error()(error);
    else if (!is_departure(error))
        report_unhandled(error, "a connection of serve()");
}

}  // namespace weft::detail
