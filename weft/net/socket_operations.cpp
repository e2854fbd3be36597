#include "weft/net/socket_operations.hpp"

#include <algorithm>
#include <cerrno>

namespace weft::detail {

void socket_write::progressed(operation& op) noexcept {
    auto& self = static_cast<socket_write&>(op);
    if (op.result >= 0) {
        self.advance();
        if (self.size > 0) {
            if (op.cancelling)
                op.result = -ECANCELED;  // who is cancelled learns of no part of it
            else if (!self.try_now())
                return;
        }
    }
    completed(op);
}

socket_gather::socket_gather(int fd, std::span<const std::string_view> pieces) noexcept
    : base(operation_code::send_message, fd, &message_, 0) {
    const std::size_t count = std::min(pieces.size(), pieces_max);
    for (std::size_t i = 0; i < count; ++i)
        parts_[i] = iovec{const_cast<char*>(pieces[i].data()), pieces[i].size()};
    message_.msg_iov = parts_.data();
    message_.msg_iovlen = count;
}

void connect_awaiter::finish() {
    if (result >= 0) return;
    throw std::system_error(error_of(*this).code(), "connecting to " + to_.to_string());
}

void socket_write::fail() const {
    throw write_error(error_of(*this), whole_ - size);
}

}  // namespace weft::detail
