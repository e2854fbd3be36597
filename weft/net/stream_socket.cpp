#include "weft/net/stream_socket.hpp"

#include "weft/core/operation.hpp"

#include <sys/socket.h>
#include <system_error>

namespace weft {

detail::read_ahead& stream_socket::ahead() {
    if (!ahead_) ahead_ = std::make_unique<detail::read_ahead>();
    return *ahead_;
}

task<std::size_t> stream_socket::send_file(int file, std::int64_t offset, std::size_t n) const {
    std::size_t sent = 0;
    try {
        while (sent < n) {
            file_part part(file, offset + static_cast<std::int64_t>(sent));
            const std::size_t more = co_await detail::operation_awaiter(
                operation_code::send_file, descriptor(), &part, n - sent);
            if (more == 0) break;  // the end of the file
            sent += more;
        }
    } catch (const std::system_error& e) {
        throw write_error(e, sent);
    }
    co_return sent;
}

void stream_socket::close_write() const {
    detail::check_socket(detail::this_sockets("close_write()").shutdown(descriptor(), SHUT_WR),
                         "closing the writing side of a connection");
}

}  // namespace weft
