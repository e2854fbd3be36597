#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/timer_wheel.hpp"

#include <cstddef>

/// Limiting how often something is done: `token_bucket`.
namespace weft {

/// Fills with `rate` tokens a second up to `burst`, and is full in the beginning. Who takes tokens
/// that are not there waits, first come, first served: nobody overtakes who waits for many.
///
/// ```cpp
/// inline weft::task<> politely(weft::token_bucket& requests) {
///     for (int page = 0; page < 100; ++page) {
///         co_await requests.take();  // in a fiber: weft::await(requests.take())
///         // fetch it
///     }
/// }
/// inline weft::task<> crawl() {
///     weft::token_bucket requests(5, 10);  // five a second, ten at once at the most
///     co_await politely(requests);
/// }
/// ```
///
/// Who is cancelled while waiting takes nothing, and those behind move up. One loop. Destroying it
/// under a waiter is fatal, with a text.
class WEFT_EXPORT token_bucket {
public:
    class take_awaiter;

    /// `rate`: tokens a second, above 0. `burst`: at least 1. `usage_error` otherwise.
    token_bucket(double rate, std::size_t burst);
    token_bucket(const token_bucket&) = delete;
    token_bucket& operator=(const token_bucket&) = delete;
    ~token_bucket();

    /// Awaited, takes `n` tokens as soon as they are there. More than `burst` is a `usage_error`.
    [[nodiscard]] take_awaiter take(std::size_t n = 1);
    /// Takes them if they are there and nobody waits.
    [[nodiscard]] bool try_take(std::size_t n = 1);
    /// Tokens that are there, whole ones.
    [[nodiscard]] std::size_t available() const;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    /// Expires when there is enough for the first who waits.
    class refill : public detail::timer {
    public:
        explicit refill(token_bucket& b) noexcept;
        token_bucket& bucket;
    };

    void update() noexcept;
    [[nodiscard]] bool has(std::size_t n) const noexcept;
    void enqueue(take_awaiter& w) noexcept;
    void remove(take_awaiter& w) noexcept;
    void serve() noexcept;

    double rate_;  // tokens a nanosecond
    double burst_;
    double tokens_;
    clock::time_point updated_ = clock::time_point::min();  // not used yet
    take_awaiter* first_ = nullptr;
    take_awaiter* last_ = nullptr;
    std::size_t waiting_ = 0;
    refill refill_;

    static const detail::wait_kind take_kind;
};

/// What `take` gives.
class WEFT_EXPORT token_bucket::take_awaiter : public detail::awaiter<take_awaiter> {
public:
    take_awaiter(token_bucket& b, std::size_t n) noexcept
        : awaiter(take_kind), bucket_(b), wanted_(n) {}
    [[nodiscard]] bool try_now() { return bucket_.try_take(wanted_); }
    void start() noexcept { bucket_.enqueue(*this); }
    void finish() const noexcept {}

private:
    friend class token_bucket;
    token_bucket& bucket_;
    std::size_t wanted_;
    take_awaiter* prev_ = nullptr;
    take_awaiter* next_ = nullptr;
};

}  // namespace weft
