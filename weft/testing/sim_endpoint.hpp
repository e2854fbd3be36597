#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::testing {

/// One end of something that a simulated descriptor stands for: a pipe's end, later a socket. It
/// holds bytes and states, knows nothing of waiting, time or choice, and never waits itself.
class WEFT_EXPORT sim_endpoint {
public:
    sim_endpoint() noexcept = default;
    sim_endpoint(const sim_endpoint&) = delete;
    sim_endpoint& operator=(const sim_endpoint&) = delete;
    virtual ~sim_endpoint();

    /// An operation in this direction would not wait: there are bytes or room, an end or an error.
    [[nodiscard]] virtual bool is_ready(detail::direction way) const noexcept = 0;

    /// How many bytes an operation could move now: what there is to choose from.
    [[nodiscard]] virtual std::size_t available(detail::direction way) const noexcept = 0;

    /// Move at most `size` bytes. The result as of read(2) and write(2): the bytes, or the negative
    /// of an errno. REQUIRES: `is_ready`, or it is -EAGAIN.
    virtual std::int64_t read(void* bytes, std::size_t size) = 0;
    virtual std::int64_t write(const void* bytes, std::size_t size) = 0;

    /// -EBADF where the endpoint does not read or write at all, else 0.
    [[nodiscard]] virtual int permits(detail::direction way) const noexcept = 0;
};

}  // namespace weft::testing
