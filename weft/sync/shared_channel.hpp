#pragma once

#include "weft/base/export.hpp"
#include "weft/sync/channel_closed.hpp"
#include "weft/sync/shared_channel_wait.hpp"

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

/// A channel across threads.
namespace weft {

/// Items from any thread to any thread, first in, first out: between coroutines of several loops
/// and plain threads. `capacity` items are buffered; with 0 a sender waits until its item is taken.
///
/// ```cpp
/// weft::task<long> sum_of_a_thread() {
///     weft::shared_channel<int> numbers(64);
///     std::thread producer([&numbers] {
///         for (int i = 1; i <= 1000; ++i) numbers.blocking_send(i);
///         numbers.close();
///     });
///     long sum = 0;
///     while (std::optional<int> n = co_await numbers.receive()) sum += *n;
///     producer.join();
///     co_return sum;
/// }
/// ```
///
/// 1. Every operation has three forms: `send` and `receive` are awaited; `blocking_send` and
///    `blocking_receive` block a thread that runs no loop (on another: `usage_error`); `try_send`
///    and `try_receive` never wait.
/// 2. After `close` sending fails, also for those who wait with an item: theirs goes with them.
///    Receivers get what is buffered, then nothing (an empty optional), for good.
/// 3. Nothing is lost or doubled: a receiver that is cancelled when it has got its item receives
///    it, a sender whose item was taken has sent it; their next await raises.
/// 4. Items are moved from thread to thread at a time nobody chooses, so `T` must not throw when it
///    is moved (else: `std::unique_ptr`).
/// 5. Any thread may call anything, but destroy it: then nobody uses it, and who waits ends the
///    process with a message.
template <class T>
class shared_channel {
    static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>,
                  "an item of a shared_channel must not throw when it is moved: send a "
                  "std::unique_ptr");
    using waiter_type = detail::ring_item_waiter<T>;

public:
    using value_type = T;

    class send_awaiter : public detail::awaiter<send_awaiter, waiter_type> {
    public:
        template <class U>
        send_awaiter(shared_channel& c, U&& value)
            : detail::awaiter<send_awaiter, waiter_type>(detail::shared_send_kind), channel_(c) {
            this->fill(std::forward<U>(value));
            this->give_up = [](detail::ring_waiter& w) noexcept {
                auto& self = static_cast<send_awaiter&>(w);
                return self.channel_.waits_.give_up_sending(self);
            };
        }
        [[nodiscard]] bool try_now() noexcept {
            if (attempt()) return true;
            return detail::this_scheduler().spin_until([this] {
                this->answer = channel_.waits_.send_soon(this->item());
                return this->answer != detail::ring_answer::wait;
            });
        }
        void start() noexcept {
            this->begin(detail::this_scheduler());
            channel_.waits_.wait_to_send(*this);
        }
        void finish() const {
            if (this->answer == detail::ring_answer::closed) detail::refuse_closed_channel();
        }

    private:
        [[nodiscard]] bool attempt() noexcept {
            this->answer = channel_.waits_.send_now(this->item());
            return this->answer != detail::ring_answer::wait;
        }
        shared_channel& channel_;
    };

    class receive_awaiter : public detail::awaiter<receive_awaiter, waiter_type> {
    public:
        explicit receive_awaiter(shared_channel& c) noexcept
            : detail::awaiter<receive_awaiter, waiter_type>(detail::shared_receive_kind),
              channel_(c) {
            this->give_up = [](detail::ring_waiter& w) noexcept {
                auto& self = static_cast<receive_awaiter&>(w);
                return self.channel_.waits_.give_up_receiving(self);
            };
        }
        [[nodiscard]] bool try_now() noexcept {
            if (attempt()) return true;
            return detail::this_scheduler().spin_until([this] {
                return channel_.waits_.receive_soon(*this) != detail::ring_answer::wait;
            });
        }
        void start() noexcept {
            this->begin(detail::this_scheduler());
            channel_.waits_.wait_to_receive(*this);
        }
        std::optional<T> finish() noexcept { return taken(*this); }

    private:
        [[nodiscard]] bool attempt() noexcept {
            return channel_.waits_.receive_now(*this) != detail::ring_answer::wait;
        }
        shared_channel& channel_;
    };

    /// Throws `std::bad_alloc`; afterwards nothing allocates.
    explicit shared_channel(std::size_t capacity) : waits_(capacity) {}
    shared_channel(const shared_channel&) = delete;
    shared_channel& operator=(const shared_channel&) = delete;

    /// Awaited, has sent `value`; throws `channel_closed`.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    [[nodiscard]] send_awaiter send(U&& value) {
        return send_awaiter(*this, std::forward<U>(value));
    }
    /// Awaited, gives the next item, or nothing when it is closed and empty.
    [[nodiscard]] receive_awaiter receive() noexcept { return receive_awaiter(*this); }

    /// As `send`, for a thread without a loop.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    void blocking_send(U&& value) {
        detail::refuse_to_block_loop("shared_channel::blocking_send()");
        waiter_type self(detail::shared_send_kind);
        self.fill(std::forward<U>(value));
        self.answer = waits_.send_now(self.item());
        if (self.answer == detail::ring_answer::wait) {
            waits_.wait_to_send(self);
            self.block_thread();
        }
        if (self.answer == detail::ring_answer::closed) detail::refuse_closed_channel();
    }
    /// As `receive`, for a thread without a loop.
    [[nodiscard]] std::optional<T> blocking_receive() {
        detail::refuse_to_block_loop("shared_channel::blocking_receive()");
        waiter_type self(detail::shared_receive_kind);
        if (waits_.receive_now(self) == detail::ring_answer::wait) {
            waits_.wait_to_receive(self);
            self.block_thread();
        }
        return taken(self);
    }

    /// Whether `value` was sent. When it is full, closed, or nobody waits at one without a buffer,
    /// `value` is as before.
    [[nodiscard]] bool try_send(T&& value) noexcept {
        return waits_.send_now(value) == detail::ring_answer::done;
    }
    [[nodiscard]] bool try_send(const T& value) noexcept(std::is_nothrow_copy_constructible_v<T>)
        requires std::copy_constructible<T>
    {
        T copy(value);
        return waits_.send_now(copy) == detail::ring_answer::done;
    }
    /// Nothing when it is empty, or nobody waits at one without a buffer.
    [[nodiscard]] std::optional<T> try_receive() noexcept {
        waiter_type self(detail::shared_receive_kind);
        static_cast<void>(waits_.receive_now(self));
        return taken(self);
    }

    /// No more items. Idempotent.
    void close() noexcept { waits_.close(); }
    [[nodiscard]] bool closed() const noexcept { return waits_.ring().closed(); }

    /// Of this moment; others change them meanwhile.
    [[nodiscard]] std::size_t size() const noexcept { return waits_.ring().size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return waits_.ring().capacity(); }
    [[nodiscard]] std::size_t senders_waiting() const noexcept { return waits_.senders_waiting(); }
    [[nodiscard]] std::size_t receivers_waiting() const noexcept {
        return waits_.receivers_waiting();
    }

private:
    [[nodiscard]] static std::optional<T> taken(waiter_type& w) noexcept {
        if (!w.full()) return std::nullopt;
        return std::optional<T>(std::move(w.item()));
    }

    detail::channel_waits<T> waits_;
};

}  // namespace weft
