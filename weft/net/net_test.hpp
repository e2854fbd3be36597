#pragma once

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/net/tcp_listener.hpp"
#include "weft/net/tcp_stream.hpp"

#include <chrono>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// What the tests of this layer share.
namespace weft::testing {

/// Two ends of one connection, with small buffers: a writer soon waits for its reader.
class connection {
public:
    connection()
        : listener(narrow()),
          near(await(tcp_stream::connect(listener.local_address()))),
          far(await(listener.accept())) {
        near.set_send_buffer(buffer_bytes);
    }

    tcp_listener listener;
    tcp_stream near;
    tcp_stream far;

private:
    static constexpr std::size_t buffer_bytes = std::size_t{16} << 10;
    static tcp_listener narrow() {
        tcp_listener made(address::loopback(0));
        made.set_receive_buffer(buffer_bytes);  // accepted sockets inherit it
        return made;
    }
};

/// The code of the `std::system_error` that `action` throws.
template <class Action>
[[nodiscard]] std::errc code_of(Action&& action) {
    try {
        std::forward<Action>(action)();
    } catch (const std::system_error& e) {
        return static_cast<std::errc>(e.code().value());
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}
/// What a coroutine failed by.
[[nodiscard]] inline std::errc failure_code(const detail::any_handle& h) {
    return code_of([&] { std::rethrow_exception(h.error()); });
}

/// So much that no pair of buffers holds it.
inline const std::string& much() {
    static const std::string bytes(std::size_t{1} << 20, 'm');
    return bytes;
}

}  // namespace weft::testing
