#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/sync/channel.hpp"

#include <cstdint>

/// Channels that know when their items are done.
namespace weft {
namespace detail {

WEFT_EXPORT extern const wait_kind items_done_kind;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_task_done();

/// The count behind `joinable`: of what was done. One loop.
class WEFT_EXPORT done_count {
public:
    done_count() noexcept = default;
    done_count(const done_count&) = delete;
    done_count& operator=(const done_count&) = delete;
    /// Whoever waits gets a `usage_error`.
    ~done_count();

    [[nodiscard]] std::uint64_t done() const noexcept { return done_; }
    void add(std::uint64_t of) {
        if (done_ == of) [[unlikely]]
            refuse_task_done();
        if (++done_ == of) wake_all();
    }
    void wait(channel_waiter& w) noexcept { w.link(waiting_); }

private:
    void wake_all() noexcept;

    std::uint64_t done_ = 0;
    channel_queue waiting_;
};

/// Waits until everything that was sent is done.
class items_done_awaiter : public awaiter<items_done_awaiter, channel_waiter> {
public:
    items_done_awaiter(done_count& count, const std::uint64_t& of) noexcept
        : awaiter(items_done_kind), count_(count), of_(of) {}
    [[nodiscard]] bool try_now() const noexcept { return count_.done() == of_; }
    void start() noexcept { count_.wait(*this); }
    WEFT_EXPORT void finish() const;

private:
    done_count& count_;
    const std::uint64_t& of_;
};

}  // namespace detail

/// A channel that knows when all of its items have been dealt with, not only received: who has
/// received one says `task_done()`, and `join()` waits until that was said for all. (As
/// `gevent.queue.JoinableQueue` and `asyncio.Queue`.)
///
/// ```cpp
/// weft::task<> work(weft::joinable<weft::channel<int>>& jobs) {
///     while (auto job = co_await jobs.receive()) {
///         co_await weft::sleep(std::chrono::milliseconds(*job));
///         jobs.task_done();
///     }
/// }
/// weft::task<> all() {
///     weft::joinable<weft::channel<int>> jobs(weft::unbounded);
///     for (int i = 0; i < 10; ++i) co_await jobs.send(i);
///     co_await weft::with_scope([&](weft::scope& s) -> weft::task<> {
///         for (int i = 0; i < 3; ++i) s.spawn(work, std::ref(jobs));
///         co_await jobs.join();  // all ten are done
///         jobs.close();
///     });
/// }
/// ```
///
/// `Channel` is any of the channels.
template <class Channel>
class joinable : public Channel {
public:
    using Channel::Channel;

    /// One item that was sent is done. Throws `usage_error` when all of them were.
    void task_done() { count_.add(this->sent_); }
    /// Items that were sent and are not done: those in the channel too.
    [[nodiscard]] std::uint64_t unfinished() const noexcept { return this->sent_ - count_.done(); }
    /// Awaited, returns when nothing is unfinished, of what is sent meanwhile either.
    [[nodiscard("co_await it, or await() it in a fiber")]] detail::items_done_awaiter
    join() noexcept {
        return detail::items_done_awaiter(count_, this->sent_);
    }

private:
    detail::done_count count_;
};

}  // namespace weft
