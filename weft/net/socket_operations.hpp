#pragma once

#include "weft/base/export.hpp"
#include "weft/base/write_error.hpp"
#include "weft/core/operation_awaiter.hpp"
#include "weft/net/address.hpp"
#include "weft/stream/read_ahead.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

/// Waiting for sockets, without a coroutine frame.
namespace weft::detail {

/// Bytes from a socket, or from what is there already.
class socket_read : public awaiter<socket_read, operation_waiter> {
    using base = awaiter<socket_read, operation_waiter>;

public:
    /// `ahead` may be null.
    socket_read(int fd, void* into, std::size_t n, read_ahead* ahead, bool is_tcp) noexcept
        : base(operation_code::receive, fd, into, n), ahead_(ahead) {
        short_is_empty = is_tcp;
    }
    [[nodiscard]] bool try_now() {
        if (ahead_ != nullptr) [[unlikely]] {
            ahead_->check_free("read_some()");
            if (!ahead_->empty()) {
                result = static_cast<std::int64_t>(ahead_->take(static_cast<char*>(buffer), size));
                return true;
            }
        }
        return operation_waiter::try_now();
    }
    std::size_t finish() { return checked_result(*this); }

private:
    read_ahead* ahead_;
};

/// Bytes straight from a socket, for what fills a `read_ahead`.
class socket_source {
public:
    socket_source(int fd, bool is_tcp) noexcept : fd_(fd), is_tcp_(is_tcp) {}
    [[nodiscard]] socket_read read_some(char* into, std::size_t n) const noexcept {
        return {fd_, into, n, nullptr, is_tcp_};
    }

private:
    int fd_;
    bool is_tcp_;
};

/// All bytes to a socket: submitted again and again until they are gone.
class WEFT_EXPORT socket_write : public awaiter<socket_write, operation_waiter> {
    using base = awaiter<socket_write, operation_waiter>;

public:
    socket_write(int fd, std::string_view bytes) noexcept
        : base(operation_code::send, fd, const_cast<char*>(bytes.data()), bytes.size(),
               &progressed),
          whole_(bytes.size()) {}
    /// It has come to an end, good or bad.
    [[nodiscard]] bool try_now() noexcept {
        while (size > 0) {
            if (!operation_waiter::try_now()) return false;
            if (result < 0) [[unlikely]]
                return true;
            advance();
        }
        return true;
    }
    void finish() const {
        if (result < 0) [[unlikely]]
            fail();
    }

private:
    void advance() noexcept {
        buffer = static_cast<char*>(buffer) + result;
        size -= static_cast<std::size_t>(result);
    }
    static void progressed(operation& op) noexcept;
    [[noreturn, gnu::cold]] void fail() const;

    std::size_t whole_;
};

/// A part of several pieces to a socket.
class WEFT_EXPORT socket_gather : public awaiter<socket_gather, operation_waiter> {
    using base = awaiter<socket_gather, operation_waiter>;

public:
    /// The first `pieces_max` of them; `pieces` is not needed any more when it has returned.
    socket_gather(int fd, std::span<const std::string_view> pieces) noexcept;
    std::size_t finish() { return checked_result(*this); }

    static constexpr std::size_t pieces_max = 16;

private:
    std::array<iovec, pieces_max> parts_;
    msghdr message_{};
};

/// A connection of a socket that is open.
class WEFT_EXPORT connect_awaiter : public awaiter<connect_awaiter, operation_waiter> {
    using base = awaiter<connect_awaiter, operation_waiter>;

public:
    connect_awaiter(int fd, const address& to) noexcept
        : base(operation_code::connect, fd, nullptr, to.size()), to_(to) {
        buffer = const_cast<void*>(to_.data());
    }
    void finish();

private:
    address to_;
};

/// A new connection.
template <class Stream>
class accept_awaiter : public awaiter<accept_awaiter<Stream>, operation_waiter> {
    using base = awaiter<accept_awaiter<Stream>, operation_waiter>;

public:
    explicit accept_awaiter(int fd) noexcept : base(operation_code::accept, fd, nullptr, 0) {}
    [[nodiscard]] Stream finish() { return Stream(static_cast<int>(checked_result(*this))); }
};

}  // namespace weft::detail
