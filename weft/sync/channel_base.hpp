#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/channel_closed.hpp"
#include "weft/sync/channel_waiter.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>

/// What all channels share that does not depend on the type of their items.
namespace weft {

/// The capacity of a channel that is never full.
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// Figures of a channel.
class channel_statistics {
public:
    channel_statistics(std::uint64_t sent, std::uint64_t received, std::size_t senders,
                       std::size_t receivers) noexcept
        : sent_(sent), received_(received), senders_(senders), receivers_(receivers) {}
    /// Items that were taken from their senders so far.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    /// Items that were given to receivers so far.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    /// Coroutines that wait for room.
    [[nodiscard]] std::size_t senders() const noexcept { return senders_; }
    /// Coroutines that wait for an item.
    [[nodiscard]] std::size_t receivers() const noexcept { return receivers_; }

private:
    std::uint64_t sent_;
    std::uint64_t received_;
    std::size_t senders_;
    std::size_t receivers_;
};

namespace detail {

WEFT_EXPORT extern const wait_kind channel_send_kind;
WEFT_EXPORT extern const wait_kind channel_receive_kind;

/// The channel was destroyed under `w`.
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_destroyed_channel(const char* attempt);
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_foreign_channel();
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_rendezvous(const char* type);

/// Rules:
/// 1. Who waits is linked in the queue of its direction, in the order of waiting. A sender waits
///    only while there is no room, a receiver only while there is no item: so the two wait at once
///    only for one rendezvous that a `select` both offers and asks for.
/// 2. An item goes straight to the first receiver that waits, and from the first sender that waits
///    to the receiver or into the room that has become free. Nobody overtakes who waits.
/// 3. Who is served is unlinked and made ready in the same step, and what was moved stays moved: a
///    cancellation that comes later finds the wait over.
/// 4. One loop: the one that the waiters are of.
class WEFT_EXPORT channel_base {
public:
    channel_base(const channel_base&) = delete;
    channel_base& operator=(const channel_base&) = delete;

    /// Items in the channel. What a sender that waits holds is not in it.
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(sent_ - received_);
    }
    [[nodiscard]] bool empty() const noexcept { return sent_ == received_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// A sender would wait, unless a receiver waits.
    [[nodiscard]] bool full() const noexcept { return size() >= capacity_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] channel_statistics statistics() const noexcept;

    /// No more items: senders get `channel_closed`, those that wait too; receivers get what is in
    /// the channel, then nothing. Idempotent.
    void close() noexcept;

protected:
    explicit channel_base(std::size_t capacity) noexcept : limit_(capacity), capacity_(capacity) {}
    ~channel_base();

    [[nodiscard]] bool can_send() const noexcept {
        return size() < limit_ || !receivers_.empty() || closed_;
    }
    [[nodiscard]] bool can_receive() const noexcept {
        return !empty() || !senders_.empty() || closed_;
    }
    /// Throws `usage_error` when somebody waits who is of another loop.
    void check_loop() const {
        if (home_ != the_scheduler && !(receivers_.empty() && senders_.empty())) [[unlikely]]
            refuse_foreign_channel();
    }
    void wait(channel_waiter& w, channel_queue& in, select_waiter* of) noexcept {
        home_ = the_scheduler;
        w.link(in, of);
    }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    std::uint64_t sent_ = 0;      ///< taken from senders
    std::uint64_t received_ = 0;  ///< given to receivers
    std::size_t limit_;           ///< the capacity; 0 once it is closed
    channel_queue receivers_;
    channel_queue senders_;

private:
    std::size_t capacity_;
    bool closed_ = false;
    const scheduler* home_ = nullptr;  // of those that wait
};

}  // namespace detail
}  // namespace weft
