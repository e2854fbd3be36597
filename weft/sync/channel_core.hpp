#pragma once

#include "weft/core/awaiter.hpp"
#include "weft/core/sleep.hpp"
#include "weft/sync/channel_base.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

/// What all channels share, whatever the order of their items.
namespace weft {

/// What a `select` gives for the branch of a `send`.
class item_sent {
public:
    friend bool operator==(item_sent, item_sent) noexcept { return true; }
};

/// What a `receive()` gives: a `std::optional`, empty when the channel is closed and nothing is
/// left.
///
/// It is a type of its own for speed: a plain optional of a number would come back in registers,
/// which compilers build in memory, and read wider than they wrote it.
template <class T>
class received : public std::optional<T> {
public:
    using std::optional<T>::optional;
    received(received&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : std::optional<T>(std::move(other)) {}
    received(const received& other)
        requires std::is_copy_constructible_v<T>
        : std::optional<T>(other) {}
    received& operator=(received&&) = default;
    received& operator=(const received&) = default;
    ~received() = default;
};

}  // namespace weft

namespace weft::detail {

template <class T>
class channel_receiver : public channel_waiter {
public:
    channel_receiver() noexcept : channel_waiter(channel_receive_kind) {}
    std::optional<T> slot;
};

/// What moving an item into the channel on behalf of its sender may throw. Most cannot.
class channel_no_error {
public:
    void keep() const noexcept {}
    void raise() const noexcept {}
};
class channel_kept_error {
public:
    void keep() noexcept { error_ = std::current_exception(); }
    void raise() { std::rethrow_exception(std::exchange(error_, nullptr)); }

private:
    std::exception_ptr error_;
};

template <class T, bool MayFail>
class channel_sender : public channel_waiter {
public:
    explicit channel_sender(T& i) noexcept : channel_waiter(channel_send_kind), item(&i) {}
    T* item;
    [[no_unique_address]] std::conditional_t<MayFail, channel_kept_error, channel_no_error> error;
};

/// The coroutine that runs, if no cancellation is to be raised in it.
[[nodiscard]] inline control_block* channel_user() noexcept {
    scheduler* const home = the_scheduler;
    if (home == nullptr) [[unlikely]]
        return nullptr;
    control_block* const b = home->current();
    return b == nullptr || b->has(block_flag::cancel_pending) ? nullptr : b;
}
/// What it awaits was there. False: to the end of the ready queue with it.
[[nodiscard]] inline bool channel_charge(control_block& b) noexcept {
    if (this_scheduler().charge()) [[likely]]
        return true;
    b.flags |= block_flag::taken;
    return false;
}

/// It is to be told of no cancellation, and goes on when what it awaits is there.
[[nodiscard]] inline bool channel_affords(const control_block& b) noexcept {
    return !b.has(block_flag::cancel_pending) && this_scheduler().affords();
}

/// What a `receive()` awaits.
template <class Channel>
class channel_receive_awaiter : public awaiter<channel_receive_awaiter<Channel>,
                                               channel_receiver<typename Channel::value_type>> {
    using base =
        awaiter<channel_receive_awaiter<Channel>, channel_receiver<typename Channel::value_type>>;

public:
    using value_type = typename Channel::value_type;
    using result = received<value_type>;

    explicit channel_receive_awaiter(Channel& from) noexcept : channel_(from) {}

    /// What is usual, without a call; else as every awaiter does.
    [[nodiscard]] bool await_ready() {
        control_block* const b = channel_user();
        if (b == nullptr || !channel_.take_at_once(this->slot)) [[unlikely]]
            return await_ready_slowly(b);
        return channel_charge(*b);
    }
    /// The same in a fiber.
    [[nodiscard]] bool at_once(control_block& b) {
        return channel_affords(b) && channel_.take_at_once(this->slot);
    }
    [[nodiscard]] bool ready_otherwise(control_block& b) {
        return await_ready_slowly(b.has(block_flag::cancel_pending) ? nullptr : &b);
    }
    [[nodiscard]] result result_at_once() {
        static_cast<void>(this_scheduler().charge());
        return result(std::in_place, std::move(*this->slot));
    }
    [[nodiscard]] bool try_now() {
        if (channel_.take(this->slot)) return true;
        channel_.check_loop();
        return false;
    }
    void start() noexcept { start(nullptr); }
    result finish() { return finish(*this); }

    // As a branch of a select, which awaits in its place.
    [[nodiscard]] bool ready() const noexcept { return channel_.can_receive(); }
    void check() const { channel_.check_loop(); }
    void start(select_waiter* of) noexcept { channel_.wait(*this, channel_.receivers_, of); }
    result finish(const waiter& who) {
        // Member by member: copied as one, it would be read wider than it was written.
        if (this->slot.has_value()) [[likely]]
            return result(std::in_place, std::move(*this->slot));
        ended(who);
        return std::nullopt;
    }

private:
    void ended(const waiter& who) const {
        raise_if_cancelled_meanwhile(who);
        if (this->event() == channel_event::gone) refuse_destroyed_channel("receive");
    }
    [[gnu::noinline]] bool await_ready_slowly(control_block* b) {
        if (b == nullptr) [[unlikely]]
            return base::await_ready();
        return try_now() && channel_charge(*b);
    }

    Channel& channel_;
};

/// What a `send()` awaits, of an item that somebody else keeps.
template <class Channel>
class channel_send_awaiter
    : public awaiter<channel_send_awaiter<Channel>, typename Channel::sender> {
    using base = awaiter<channel_send_awaiter<Channel>, typename Channel::sender>;

public:
    using value_type = typename Channel::value_type;
    using result = item_sent;

    channel_send_awaiter(Channel& to, value_type& what) noexcept : base(what), channel_(to) {}

    [[nodiscard]] bool await_ready() {
        control_block* const b = channel_user();
        if (b == nullptr || !channel_.offer_at_once(*this->item)) [[unlikely]]
            return await_ready_slowly(b);
        return channel_charge(*b);
    }
    [[nodiscard]] bool at_once(control_block& b) {
        return channel_affords(b) && channel_.offer_at_once(*this->item);
    }
    [[nodiscard]] bool ready_otherwise(control_block& b) {
        return await_ready_slowly(b.has(block_flag::cancel_pending) ? nullptr : &b);
    }
    void result_at_once() const noexcept { static_cast<void>(this_scheduler().charge()); }
    [[nodiscard]] bool try_now() {
        if (channel_.offer(*this->item)) return true;
        channel_.check_loop();
        return false;
    }
    void start() noexcept { start(nullptr); }
    void finish() { static_cast<void>(finish(*this)); }

    [[nodiscard]] bool ready() const noexcept { return channel_.can_send(); }
    void check() const { channel_.check_loop(); }
    void start(select_waiter* of) noexcept { channel_.wait(*this, channel_.senders_, of); }
    result finish(const waiter& who) {
        if (this->event() > channel_event::done) [[unlikely]]
            failed(who);
        return {};
    }

private:
    [[gnu::noinline]] bool await_ready_slowly(control_block* b) {
        if (b == nullptr) [[unlikely]]
            return base::await_ready();
        return try_now() && channel_charge(*b);
    }
    [[gnu::cold]] void failed(const waiter& who) {
        raise_if_cancelled_meanwhile(who);
        if (this->event() == channel_event::closed) refuse_closed_channel();
        if (this->event() == channel_event::gone) refuse_destroyed_channel("send");
        this->error.raise();
    }

    Channel& channel_;
};

template <class T>
class channel_kept_item {
public:
    explicit channel_kept_item(const T& item) : item_(item) {}

protected:
    T item_;
};
/// The same of an item that it keeps itself.
template <class Channel>
class channel_kept_send_awaiter : private channel_kept_item<typename Channel::value_type>,
                                  public channel_send_awaiter<Channel> {
    using kept = channel_kept_item<typename Channel::value_type>;

public:
    channel_kept_send_awaiter(Channel& to, const typename Channel::value_type& what)
        : kept(what), channel_send_awaiter<Channel>(to, kept::item_) {}
};

/// The operations of a channel; its class comment is `channel`'s. `Items` keeps what is in it:
///
/// - `push(T&&)`: with room for it. What it throws has changed nothing.
/// - `take(f)`: calls `f(item)` for the next one, and removes it when that has returned.
/// - `push_at_once(T&)`, `take_at_once(optional)`: the same where that takes no call; false where
///   it would.
/// - `never_fails`: `push` throws nothing while there is room.
template <class T, class Items>
class basic_channel : public channel_base {
    static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                  "a channel carries objects: send a pointer or a std::reference_wrapper");

public:
    using value_type = T;

    ~basic_channel() {
        for (std::size_t n = size(); n > 0; --n) items_.take([](T&) {});
    }

    /// Awaited, gives the item to who receives it, or to the channel when there is room.
    ///
    /// The item is moved when it is taken, and not before: after a cancellation, a timeout or a
    /// `channel_closed` it is still where it was. So it has to outlive the wait, as a variable and
    /// a temporary in the same expression do. Lvalues and small plain values are copied.
    [[nodiscard("co_await it, or await() it in a fiber")]] auto send(T&& item) {
        if constexpr (sends_copies)
            return channel_kept_send_awaiter<basic_channel>(*this, item);
        else
            return channel_send_awaiter<basic_channel>(*this, item);
    }
    [[nodiscard("co_await it, or await() it in a fiber")]] auto send(const T& item)
        requires std::is_copy_constructible_v<T>
    {
        return channel_kept_send_awaiter<basic_channel>(*this, item);
    }
    /// Awaited, gives an optional: the next item; nothing once the channel is closed and empty.
    [[nodiscard("co_await it, or await() it in a fiber")]] channel_receive_awaiter<basic_channel>
    receive() noexcept {
        return channel_receive_awaiter<basic_channel>(*this);
    }

    /// The same without waiting; false when that would have to wait: then `item` is as it was.
    /// Throws `channel_closed`.
    [[nodiscard]] bool try_send(T&& item) { return offer(item); }
    [[nodiscard]] bool try_send(const T& item)
        requires std::is_copy_constructible_v<T>
    {
        if (!can_send()) return false;
        T copy(item);
        return offer(copy);
    }
    /// The same without waiting: nothing when there is none, or never will be (`closed()`).
    [[nodiscard]] received<T> try_receive() {
        received<T> item;
        take(item);
        return item;
    }

protected:
    template <class... Args>
    explicit basic_channel(std::size_t capacity, Args&&... args)
        : channel_base(capacity), items_(capacity, std::forward<Args>(args)...) {}

private:
    friend channel_receive_awaiter<basic_channel>;
    friend channel_send_awaiter<basic_channel>;
    using sender = channel_sender<T, !Items::never_fails>;

    static constexpr bool sends_copies = std::is_trivially_copyable_v<T> && sizeof(T) <= 64;

    /// The usual cases of the two below: room and nobody who waits.
    bool offer_at_once(T& item) {
        if (!receivers_.empty() || size() >= limit_ || !items_.push_at_once(item)) return false;
        ++sent_;
        return true;
    }
    bool take_at_once(std::optional<T>& into) {
        if (empty() || !senders_.empty() || !items_.take_at_once(into)) return false;
        ++received_;
        return true;
    }

    bool offer(T& item) {
        if (!receivers_.empty()) {
            check_loop();
            auto& first = static_cast<channel_receiver<T>&>(receivers_.front());
            first.slot.emplace(std::move(item));
            ++sent_;
            ++received_;
            first.end(channel_event::done);
            return true;
        }
        if (size() < limit_) [[likely]] {
            items_.push(std::move(item));
            ++sent_;
            return true;
        }
        if (closed()) refuse_closed_channel();
        return false;
    }

    /// False when it has to wait. `into` stays empty when the channel is closed.
    bool take(std::optional<T>& into) {
        if (!empty()) [[likely]] {
            if (!senders_.empty()) check_loop();
            items_.take([&into](T& item) { into.emplace(std::move(item)); });
            ++received_;
            if (!senders_.empty()) fill();
            return true;
        }
        if (senders_.empty()) return closed();
        check_loop();
        auto& first = static_cast<sender&>(senders_.front());
        into.emplace(std::move(*first.item));
        ++sent_;
        ++received_;
        first.end(channel_event::done);
        return true;
    }

    /// Room has become free. An item that cannot be moved into it is its sender's affair.
    void fill() noexcept {
        while (size() < limit_ && !senders_.empty()) {
            auto& first = static_cast<sender&>(senders_.front());
            try {
                items_.push(std::move(*first.item));
            } catch (...) {
                first.error.keep();
                first.end(channel_event::failed);
                continue;
            }
            ++sent_;
            first.end(channel_event::done);
        }
    }

    Items items_;
};

}  // namespace weft::detail
