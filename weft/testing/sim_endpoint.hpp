#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/testing/sim_chance.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

/// What simulated descriptors stand for.
namespace weft::testing {

class sim_descriptor;
class sim_descriptors;

/// One end of something that a simulated descriptor stands for: a pipe's end, a socket. It holds
/// bytes and states, knows nothing of who waits, and never waits itself. Several descriptors may
/// stand for the same one (as open file descriptions do); with the last of them it is destroyed,
/// which closes it.
class WEFT_EXPORT sim_endpoint {
public:
    sim_endpoint() noexcept = default;
    sim_endpoint(const sim_endpoint&) = delete;
    sim_endpoint& operator=(const sim_endpoint&) = delete;
    virtual ~sim_endpoint();

    /// An operation in this direction would not wait: there are bytes or room, an end or an error.
    [[nodiscard]] virtual bool is_ready(detail::direction way) const noexcept = 0;
    /// The same of one operation: to perform it now gives a result, or makes it begin.
    [[nodiscard]] virtual bool can_perform(const operation& op) const noexcept;

    /// How many bytes an operation could move now: what there is to choose from.
    [[nodiscard]] virtual std::size_t available(detail::direction way) const noexcept = 0;

    /// Move at most `size` bytes. The result as of read(2) and write(2): the bytes, or the negative
    /// of an errno; -EAGAIN unless `is_ready`.
    virtual std::int64_t read(void* bytes, std::size_t size) = 0;
    virtual std::int64_t write(const void* bytes, std::size_t size) = 0;

    /// -EBADF where the endpoint does not read or write at all, else 0.
    [[nodiscard]] virtual int permits(detail::direction way) const noexcept = 0;
    /// 0, or the negative of the errno by which an operation fails that this is not for.
    [[nodiscard]] virtual int refusal(const operation& op) const noexcept;
    /// A transfer of no bytes has nothing to wait for: true of streams.
    [[nodiscard]] virtual bool is_stream() const noexcept { return true; }

    /// The result of `op`, of as many bytes as `chance` leaves it; -EAGAIN when it has to wait.
    virtual std::int64_t perform(const operation& op, const sim_chance& chance);

    /// Something has changed that operations may wait for.
    void changed() noexcept;

private:
    friend class sim_descriptors;

    sim_descriptors* table_ = nullptr;
    /// The descriptors that stand for it.
    std::vector<sim_descriptor*> homes_;
};

}  // namespace weft::testing
