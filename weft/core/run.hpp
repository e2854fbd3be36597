#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/options.hpp"
#include "weft/core/spawn.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <source_location>
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
/// One thread uses it, the one that runs it; a thread runs one at a time.
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

    /// Afterwards every use is a `usage_error`. Idempotent.
    void close();
    [[nodiscard]] bool closed() const noexcept { return scheduler_ == nullptr; }
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
    void drive(detail::control_block& root);
    void drain();

    template <class T>
    T finish(join_handle<T> root) {
        drive(root.block());
        if (!root.successful()) rethrow(root.block());
        return std::move(root).operator co_await().finish();
    }
    [[noreturn]] static void rethrow(detail::control_block& root);

    std::unique_ptr<detail::scheduler> scheduler_;
};

/// Makes a loop and runs a task, or what `fn(args...)` is, on it; see `loop::run`.
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
    return loop().run(std::move(t), at);
}
template <class F>
    requires std::invocable<std::decay_t<F>&&>
decltype(auto) run(F&& fn, std::source_location at = std::source_location::current()) {
    return loop().run(std::forward<F>(fn), at);
}
template <class F, class A, class... More>
    requires(!std::same_as<std::decay_t<F>, options> &&
             std::invocable<std::decay_t<F> &&, std::unwrap_ref_decay_t<A> &&,
                            std::unwrap_ref_decay_t<More> && ...>)
decltype(auto) run(F&& fn, A&& a, More&&... more) {
    return loop().run(std::forward<F>(fn), std::forward<A>(a), std::forward<More>(more)...);
}
/// The same with options.
template <class T>
T run(const options& how, task<T>&& t, std::source_location at = std::source_location::current()) {
    return loop(how).run(std::move(t), at);
}
template <class F>
    requires std::invocable<std::decay_t<F>&&>
decltype(auto) run(const options& how, F&& fn,
                   std::source_location at = std::source_location::current()) {
    return loop(how).run(std::forward<F>(fn), at);
}
template <class F, class A, class... More>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<A>&&,
                            std::unwrap_ref_decay_t<More>&&...>
decltype(auto) run(const options& how, F&& fn, A&& a, More&&... more) {
    return loop(how).run(std::forward<F>(fn), std::forward<A>(a), std::forward<More>(more)...);
}

}  // namespace weft
