#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/sync/channel_core.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

/// Waiting for several channels at once.
namespace weft {
namespace detail {

WEFT_EXPORT extern const wait_kind select_kind;
/// Which of `n` ready branches is served: what the oracle says (R8), or a random one.
[[nodiscard]] WEFT_EXPORT std::size_t choose_branch(std::size_t n) noexcept;

/// A coroutine that waits in several queues at once.
class WEFT_EXPORT select_waiter : public waiter {
public:
    select_waiter() noexcept : waiter(select_kind) {}
    /// Takes every branch out of its queue.
    void unlink_all() noexcept;

protected:
    ~select_waiter() = default;
    std::span<channel_waiter* const> branches_;
    std::size_t winner_ = 0;

private:
    friend channel_waiter;
    void won(const channel_waiter& w) noexcept;
};

template <class Op>
concept channel_operation = requires(Op& op, const waiter& who) {
    requires std::derived_from<Op, channel_waiter>;
    typename Op::result;
    { op.ready() } -> std::same_as<bool>;
    op.finish(who);
};

template <channel_operation... Ops>
class select_awaiter : public awaiter<select_awaiter<Ops...>, select_waiter> {
public:
    using result = std::variant<typename Ops::result...>;

    explicit select_awaiter(Ops&... ops) noexcept : operations_(ops...), waiters_{&ops...} {
        this->branches_ = waiters_;
    }

    [[nodiscard]] bool try_now() {
        const std::array<bool, sizeof...(Ops)> ready = are_ready();
        std::size_t count = 0;
        for (const bool is : ready) count += is ? 1 : 0;
        if (count == 0) {
            each_branch([](auto& op) { op.check(); });
            return false;
        }
        std::size_t left = count == 1 ? 0 : choose_branch(count);
        std::size_t i = 0;
        while (!ready[i] || left-- > 0) ++i;
        serve(i);
        this->winner_ = i;
        return true;
    }
    void start() noexcept {
        each_branch([this](auto& op) { op.start(this); });
    }
    result finish() { return finish_from<0>(); }

private:
    template <class F>
    void each_branch(F f) {
        std::apply([&f](auto&... op) { (f(op), ...); }, operations_);
    }
    [[nodiscard]] std::array<bool, sizeof...(Ops)> are_ready() const noexcept {
        return std::apply([](const auto&... op) { return std::array{op.ready()...}; }, operations_);
    }
    void serve(std::size_t branch) {
        std::size_t i = 0;
        each_branch([&](auto& op) {
            if (i++ == branch) static_cast<void>(op.try_now());
        });
    }
    template <std::size_t I>
    result finish_from() {
        if constexpr (I + 1 < sizeof...(Ops))
            if (this->winner_ != I) return finish_from<I + 1>();
        return result(std::in_place_index<I>, std::get<I>(operations_).finish(*this));
    }

    std::tuple<Ops&...> operations_;
    std::array<channel_waiter*, sizeof...(Ops)> waiters_;
};

/// The operation that an awaiter is, which may keep more.
template <class Channel>
channel_receive_awaiter<Channel>& operation_of(channel_receive_awaiter<Channel>& op) noexcept {
    return op;
}
template <class Channel>
channel_send_awaiter<Channel>& operation_of(channel_send_awaiter<Channel>& op) noexcept {
    return op;
}

}  // namespace detail

/// Awaits the first of several sends and receives that is possible, and does that one. The others
/// have not happened: nothing was taken, and what was to be sent is still there.
///
/// ```cpp
/// weft::task<> serve(weft::channel<int>& requests, weft::channel<std::string>& log,
///                    weft::channel<bool>& stop) {
///     for (std::string line = "ready";;) {
///         auto happened = co_await weft::select(requests.receive(), log.send(std::move(line)),
///                                               stop.receive());
///         if (happened.index() == 2) co_return;
///         if (auto* request = std::get_if<0>(&happened); request != nullptr && *request)
///             line = "request " + std::to_string(**request);
///     }
/// }
/// ```
///
/// - It gives a `std::variant` with one alternative a branch: an optional for a `receive`, empty
///   when its channel is closed; `item_sent` for a `send`. `index()` says which it was.
/// - A branch whose channel is closed is possible: a `send` to it throws `channel_closed`.
/// - Where several are possible one is chosen at random (under test, by the oracle), so that none
///   starves.
/// - `with_timeout(d, select(...))` waits for no longer than `d`; `try_select` does not wait.
/// - The operations are given as they are, `c.receive()` and `c.send(x)`, of any kinds of channels.
template <class... Ops>
    requires(sizeof...(Ops) > 0)
[[nodiscard("co_await it, or await() it in a fiber")]] auto select(Ops&&... ops) noexcept {
    return detail::select_awaiter<std::remove_reference_t<decltype(detail::operation_of(ops))>...>(
        detail::operation_of(ops)...);
}

/// The same without waiting: nothing when no branch is possible now.
///
/// ```cpp
/// bool drain(weft::channel<int>& a, weft::channel<int>& b) {
///     return weft::try_select(a.receive(), b.receive()).has_value();
/// }
/// ```
template <class... Ops>
    requires(sizeof...(Ops) > 0)
[[nodiscard]] auto try_select(Ops&&... ops) {
    auto one = select(std::forward<Ops>(ops)...);
    using result = typename decltype(one)::result;
    return one.try_now() ? std::optional<result>(one.finish()) : std::optional<result>();
}

}  // namespace weft
