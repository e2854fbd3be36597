#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/loop_calls.hpp"
#include "weft/core/options.hpp"
#include "weft/core/remote_loop.hpp"
#include "weft/core/spawn.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

/// Running coroutines: `run`, and the loop behind it.
namespace weft {

/// Nothing can ever run again: everybody waits for somebody who waits. The text lists who waits for
/// what, and where.
class WEFT_EXPORT deadlock : public std::runtime_error {
public:
    explicit deadlock(const std::string& text) : std::runtime_error(text) {}
    ~deadlock() override;
};

/// Figures of a loop.
class WEFT_EXPORT loop_statistics {
public:
    loop_statistics(std::size_t live, std::uint64_t spawned, std::size_t timers) noexcept
        : live_(live), spawned_(spawned), timers_(timers) {}
    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    [[nodiscard]] std::uint64_t spawned() const noexcept { return spawned_; }
    [[nodiscard]] std::size_t timers() const noexcept { return timers_; }

private:
    std::size_t live_;
    std::uint64_t spawned_;
    std::size_t timers_;
};

namespace detail {
class loop_group;
class run_loops;
}  // namespace detail

/// An event loop: what `run` makes for the time of its call.
///
/// ```cpp
/// weft::task<int> answer() { co_return 42; }
/// int twice() {
///     weft::loop mine;
///     const int a = mine.run(answer());
///     const int b = mine.run(answer());
///     mine.close();
///     return a + b;
/// }
/// ```
///
/// One thread uses it, the one that runs it; a thread runs one at a time. Only `post`, `remote`
/// and what these give belong to any thread.
class WEFT_EXPORT loop {
public:
    explicit loop(options how = options());
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop();

    /// Runs a task, or what `fn(args...)` is (spawn.hpp), until it has ended; then cancels and
    /// joins what else lives, and gives its result or throws its error. Throws `deadlock` when
    /// nothing can ever run again.
    template <class T>
    T run(task<T>&& t, std::source_location at = std::source_location::current()) {
        const running here(*this);
        return finish(detail::spawn_task(scheduler(), scheduler().root(), std::move(t),
                                         detail::place_of(at)));
    }
    template <class F>
        requires std::invocable<std::decay_t<F>&&>
    decltype(auto) run(F&& fn, std::source_location at = std::source_location::current()) {
        const running here(*this);
        return finish(detail::spawn_call(scheduler(), scheduler().root(), detail::place_of(at),
                                         std::forward<F>(fn)));
    }
    template <class F, class A, class... More>
        requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                                std::unwrap_ref_decay_t<More>&&...>
    decltype(auto) run(F&& fn, A&& a, More&&... more) {
        const running here(*this);
        return finish(detail::spawn_call(scheduler(), scheduler().root(), nullptr,
                                         std::forward<F>(fn), std::forward<A>(a),
                                         std::forward<More>(more)...));
    }

    /// The loop that runs on this thread; `usage_error` when there is none.
    [[nodiscard]] static loop& current();

    /// Begins a coroutine, as `weft::spawn` does, whether the loop runs or not: it runs with the
    /// next `run` or `run_ready`.
    template <class F, class... Args>
    [[nodiscard("keep the handle, or detach() it")]] auto spawn(F&& fn, Args&&... args) {
        detail::scheduler& s = own("loop::spawn()");
        wake_if_idle();
        if constexpr (sizeof...(Args) == 0 && detail::is_task<std::decay_t<F>>)
            return detail::spawn_task(s, s.root(), std::forward<F>(fn), nullptr);
        else
            return detail::spawn_call(s, s.root(), nullptr, std::forward<F>(fn),
                                      std::forward<Args>(args)...);
    }

    /// Has `f()` called by the loop, soon: those that were given first are called first, never from
    /// within this call, and never from within a coroutine. So `f` cannot await; it may spawn. What
    /// it throws goes to `options::on_unhandled`. What is left at the end of `run` is called by the
    /// next one, or never.
    template <class F>
    call_handle call_soon(F&& f) {
        detail::scheduler& s = own("loop::call_soon()");
        detail::scheduled_call& c = detail::make_call(std::forward<F>(f));
        s.call_soon(c);
        wake_if_idle();
        return call_handle(c);
    }
    /// The same, not before `when`; of equal times those that were given first.
    template <class F>
    call_handle call_at(clock::time_point when, F&& f) {
        detail::scheduler& s = own("loop::call_at()");
        detail::scheduled_call& c = detail::make_call(std::forward<F>(f));
        s.call_at(c, when);
        wake_if_idle();
        return call_handle(c);
    }
    /// The same with a time from now, in any unit.
    template <class Rep, class Period, class F>
    call_handle call_later(std::chrono::duration<Rep, Period> d, F&& f) {
        return call_at(saturating_add(time(), detail::to_nanoseconds(d)), std::forward<F>(f));
    }

    /// Has `f()` called by the loop, from any thread, also while it does not run. False when it is
    /// closed: `f` is destroyed, as it is when the loop is closed before it has called it.
    template <class F>
    bool post(F&& f) {
        return detail::post_call(*mail_, std::forward<F>(f));
    }
    /// What another thread keeps of this loop; it may outlive it. Any thread.
    [[nodiscard]] remote_loop remote() const noexcept { return remote_loop(mail_); }

    /// Ends `run`, as its end does: all that lives is cancelled and joined, when `options::drain`
    /// has passed (`weft::stopping`); a second call does not wait for that. When its own coroutine
    /// then ends by that, `run` throws `child_cancelled`; when it catches it and returns, `run`
    /// gives what it returns. Without a `run` (embedded), cancels all that lives. The loops that
    /// run with it are stopped too. Of the loop's thread: from another one, `post` it.
    void stop(std::source_location at = std::source_location::current());

    // --- run by another loop

    /// Runs what is ready, without waiting, and returns after one turn (256 resumes) at the most:
    /// true when there is more to do at once. A `usage_error` within this loop, or another one of
    /// this thread. Nothing is a deadlock: somebody else may act.
    bool run_ready();
    /// A descriptor that is readable when `run_ready` has something to do: something is ready, was
    /// posted, has become readable or writable, or a timer is due. Valid from now until `close`; to
    /// be watched for input, level- or edge-triggered, and not to be read. Throws `usage_error`
    /// when the driver has none (the simulator), and `std::system_error`.
    [[nodiscard]] int fd();
    /// When `run_ready` is to be called at the latest: the past when at once, `clock::never` when
    /// only others can cause something. For who would rather poll by a timer; `fd` has it in.
    [[nodiscard]] clock::time_point next_deadline() const;

    /// Cancels and joins what lives, which after `run` is nothing; afterwards every use is a
    /// `usage_error`. What was to be called is destroyed instead. Idempotent; the destructor does
    /// the same.
    void close();
    [[nodiscard]] bool closed() const noexcept { return scheduler_ == nullptr; }
    /// Its place in `weft::loops()`.
    [[nodiscard]] std::size_t index() const;
    [[nodiscard]] clock::time_point time() const;
    [[nodiscard]] loop_statistics statistics() const;

private:
    class WEFT_EXPORT running {
    public:
        explicit running(loop& l);
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        ~running();

    private:
        detail::running_scheduler here_;
    };

    [[nodiscard]] detail::scheduler& scheduler() const;
    /// For the loop's thread only.
    [[nodiscard]] detail::scheduler& own(const char* attempt) const;
    void wake_if_idle() const noexcept;
    void drive(detail::control_block& root);
    void drain();

    template <class T>
    T finish(join_handle<T> root) {
        drive(root.block());
        if (!root.successful()) rethrow(root.block());
        return std::move(root).operator co_await().finish();
    }
    [[noreturn]] void rethrow(detail::control_block& root);
    friend class detail::loop_group;
    friend class detail::run_loops;
    void run_in_group();
    void end(const cancel_origin& origin);

    std::unique_ptr<detail::scheduler> scheduler_;
    std::shared_ptr<detail::inbox> mail_;  // outlives it
};

/// The loops that run with this thread's, those of `options::threads`: the first is that of the
/// thread that called `run`. Each is its own, and alone, in a `loop` that runs by itself. Valid on
/// all of them until `run` returns; a copy of one may be kept, but as long as a copy is left that
/// loop does not call itself deadlocked, and these do not count. `usage_error` without a loop.
///
/// ```cpp
/// weft::task<int> count_on_every_loop() {
///     std::vector<weft::remote_handle<std::size_t>> all;
///     for (const weft::remote_loop& there : weft::loops())
///         all.push_back(weft::spawn_on(there, [] { return weft::loop::current().index(); }));
///     int sum = 0;
///     for (const auto& h : all) sum += static_cast<int>(co_await h);
///     co_return sum;
/// }
/// int six() { return weft::run(weft::options{}.threads(4), count_on_every_loop); }
/// ```
[[nodiscard]] WEFT_EXPORT std::span<const remote_loop> loops();

namespace detail {

/// What `run` has for the time of its call: a loop on this thread, and what `options` asks for
/// besides.
class WEFT_EXPORT run_loops {
public:
    explicit run_loops(const options& how);
    run_loops(const run_loops&) = delete;
    run_loops& operator=(const run_loops&) = delete;
    ~run_loops();
    [[nodiscard]] loop& first() noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace detail

/// Makes a loop and runs a task, or what `fn(args...)` is, on it; see `loop::run`. With options it
/// may be several loops, which end together: `fn` runs on the first, and when it has ended what
/// lives on any of them is cancelled and joined.
///
/// SIGINT and SIGTERM stop it (`options::stop_on_signals`): it throws `interrupted` unless its
/// coroutine returns all the same. Throws `std::system_error` when the system refuses a thread or a
/// descriptor, and has left nothing behind then.
///
/// ```cpp run
/// #include <weft/weft.hpp>
/// #include <cstdio>
///
/// weft::task<int> answer() {
///     co_await weft::sleep(std::chrono::milliseconds(1));
///     co_return 42;
/// }
/// int main() { std::printf("%d\n", weft::run(answer())); }
/// ```
template <class T>
T run(task<T>&& t, std::source_location at = std::source_location::current()) {
    return detail::run_loops(options()).first().run(std::move(t), at);
}
template <class F>
    requires std::invocable<std::decay_t<F>&&>
decltype(auto) run(F&& fn, std::source_location at = std::source_location::current()) {
    return detail::run_loops(options()).first().run(std::forward<F>(fn), at);
}
template <class F, class A, class... More>
    requires(!std::same_as<std::decay_t<F>, options> &&
             std::invocable<std::decay_t<F> &&, std::unwrap_ref_decay_t<A> &&,
                            std::unwrap_ref_decay_t<More> && ...>)
decltype(auto) run(F&& fn, A&& a, More&&... more) {
    return detail::run_loops(options()).first().run(std::forward<F>(fn), std::forward<A>(a),
                                                    std::forward<More>(more)...);
}
/// The same with options.
template <class T>
T run(const options& how, task<T>&& t, std::source_location at = std::source_location::current()) {
    return detail::run_loops(how).first().run(std::move(t), at);
}
template <class F>
    requires std::invocable<std::decay_t<F>&&>
decltype(auto) run(const options& how, F&& fn,
                   std::source_location at = std::source_location::current()) {
    return detail::run_loops(how).first().run(std::forward<F>(fn), at);
}
template <class F, class A, class... More>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                            std::unwrap_ref_decay_t<More>&&...>
decltype(auto) run(const options& how, F&& fn, A&& a, More&&... more) {
    return detail::run_loops(how).first().run(std::forward<F>(fn), std::forward<A>(a),
                                              std::forward<More>(more)...);
}

}  // namespace weft
