#pragma once

#include "weft/base/export.hpp"
#include "weft/core/remote_wait.hpp"
#include "weft/core/scoped_call.hpp"
#include "weft/core/spawn.hpp"
#include "weft/io/offload_pool.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Blocking functions on threads of their own.
namespace weft {
namespace detail {

/// What waits for a job of the pool.
class WEFT_EXPORT offload_waiter : public remote_waiter {
public:
    offload_waiter() noexcept;

protected:
    ~offload_waiter() = default;
    /// In `try_now`: throws for a second await.
    void check_first();
    void begin_offload() noexcept;
    /// In `finish`: throws what `submit` did.
    void end_offload();
    /// Submits it; what that throws is kept, and the coroutine goes on at once.
    void submit(offload_job& job) noexcept;
    [[nodiscard]] bool refused() const noexcept { return refused_ != nullptr; }

private:
    friend void give_up_offload(waiter& w) noexcept;
    /// A cancellation. Whether it was given up in time.
    virtual bool give_up() noexcept = 0;

    std::exception_ptr refused_;
    bool begun_ = false;
};

/// The function and its arguments, and what came of it.
template <class F, class... Args>
class offloaded {
public:
    using result = std::remove_cv_t<std::invoke_result_t<F, Args...>>;

    template <class G, class... As>
    explicit offloaded(std::in_place_t, G&& fn, As&&... args)
        : call_(std::forward<G>(fn), std::forward<As>(args)...) {}
    explicit offloaded(std::tuple<F, Args...>&& call) : call_(std::move(call)) {}

    void run() noexcept {
        try {
            const auto invoke = [](F& fn, Args&... args) -> decltype(auto) {
                return std::invoke(std::move(fn), std::forward<Args>(args)...);
            };
            if constexpr (std::is_void_v<result>)
                std::apply(invoke, call_);
            else
                out.set(std::apply(invoke, call_));
        } catch (...) {
            out.fail(std::current_exception());
        }
    }
    [[nodiscard]] std::tuple<F, Args...>& call() noexcept { return call_; }

    outcome<result> out;

private:
    std::tuple<F, Args...> call_;
};

/// Refers to something that it does not own, as far as the type tells.
template <class T>
inline constexpr bool borrows = std::is_reference_v<T> || std::is_pointer_v<T>;
template <class T>
inline constexpr bool borrows<std::reference_wrapper<T>> = true;
template <class C, class Traits>
inline constexpr bool borrows<std::basic_string_view<C, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool borrows<std::span<T, N>> = true;

template <class F>
inline constexpr bool is_function_pointer =
    std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

template <class F, class... Args>
class abandonable_offload;

template <class F, class... Args>
class [[nodiscard("co_await it, or await() it in a fiber")]] offload_call final
    : public awaiter<offload_call<F, Args...>, offload_waiter>,
      private offload_job {
public:
    using result = typename offloaded<F, Args...>::result;

    template <class G, class... As>
    explicit offload_call(std::in_place_t, G&& fn, As&&... args)
        : work_(std::in_place, std::forward<G>(fn), std::forward<As>(args)...) {}

    /// A cancelled await of it does not wait for the end of the function: that goes on alone, with
    /// what it owns, and what it gives or throws is dropped. For functions that own what they use:
    /// a lambda that captures by reference is the caller's mistake, a reference, a pointer or a
    /// view among the arguments does not compile.
    [[nodiscard]] abandonable_offload<F, Args...> abandon_on_cancel() && {
        static_assert(
            (!borrows<F> || is_function_pointer<F>) && (!borrows<Args> && ...),
            "abandon_on_cancel(): the function outlives the await, so it has to own what "
            "it uses: pass values, std::string for a view, std::shared_ptr for a pointer");
        return abandonable_offload<F, Args...>(std::move(work_.call()));
    }

    // What co_await and await() use.
    [[nodiscard]] bool try_now() {
        this->check_first();
        return false;
    }
    void start() noexcept {
        this->begin_offload();
        this->submit(*this);
    }
    result finish() {
        this->end_offload();
        return work_.out.take();
    }

private:
    void run() noexcept override {
        work_.run();
        this->wake();
    }
    bool give_up() noexcept override { return offload_pool::of(this_scheduler()).take_back(*this); }

    offloaded<F, Args...> work_;
};

/// What an abandonable call shares with its await.
template <class F, class... Args>
class abandonable_job final : public offload_job {
public:
    explicit abandonable_job(std::tuple<F, Args...>&& call) : work(std::move(call)) {}

    void run() noexcept override {
        const std::shared_ptr<abandonable_job> keep = std::move(self);
        work.run();
        remote_waiter* w = nullptr;
        {
            const std::lock_guard lock(mutex);
            w = std::exchange(waiter, nullptr);
        }
        if (w != nullptr) w->wake();
    }

    offloaded<F, Args...> work;
    std::shared_ptr<abandonable_job> self;  ///< while the pool has it
    std::mutex mutex;
    remote_waiter* waiter = nullptr;  ///< under the mutex; null when abandoned or ended
};

template <class F, class... Args>
class [[nodiscard("co_await it, or await() it in a fiber")]] abandonable_offload final
    : public awaiter<abandonable_offload<F, Args...>, offload_waiter> {
    using job_type = abandonable_job<F, Args...>;

public:
    using result = typename offloaded<F, Args...>::result;

    explicit abandonable_offload(std::tuple<F, Args...>&& call)
        : job_(std::make_shared<job_type>(std::move(call))) {}

    [[nodiscard]] bool try_now() {
        this->check_first();
        return false;
    }
    void start() noexcept {
        this->begin_offload();
        job_->waiter = this;
        job_->self = job_;
        this->submit(*job_);
        if (this->refused()) job_->self = nullptr;
    }
    result finish() {
        this->end_offload();
        return job_->work.out.take();
    }

private:
    bool give_up() noexcept override {
        offload_pool& pool = offload_pool::of(this_scheduler());
        if (pool.take_back(*job_)) {
            job_->self = nullptr;
            return true;
        }
        {
            const std::lock_guard lock(job_->mutex);
            if (std::exchange(job_->waiter, nullptr) == nullptr) return false;
        }
        pool.abandon(*job_);
        return true;
    }

    std::shared_ptr<job_type> job_;
};

}  // namespace detail

/// Awaited, runs `fn(args...)` on a thread of the loop's pool, and gives what it gives or throws
/// what it throws. The loop goes on meanwhile: for functions that block or compute for long.
///
/// ```cpp
/// std::string slurp(const std::string& path);  // blocks
/// weft::task<std::size_t> size_of(std::string path) {
///     const std::string text = co_await weft::offload(slurp, path);
///     co_return text.size();
/// }
/// ```
///
/// 1. `fn` and copies of the arguments are kept until it has ended (`std::ref` where a reference is
///    meant). It must not await, nor touch what belongs to the loop.
/// 2. A cancellation waits: a call that no thread has begun yet is taken back, one that runs is
///    waited for, and its result is given; the next await raises. `offload(fn).abandon_on_cancel()`
///    does not wait.
/// 3. The threads belong to the loop: at most `options::offload_threads`, started when they are
///    needed, ended when they are not (`offload_idle`) or with it. Calls are begun in the order of
///    their awaits. One more than `offload_queue` that wait is a `std::system_error` (`EAGAIN`), as
///    is the system's refusal of the first thread; refused a further one, it makes do.
/// 4. A thread takes real time, in a simulated world too: its virtual clock then goes no faster
///    than the real one, and the order of what happens is not replayed.
///
/// One await for each call. Never build a lambda with captures in the operand of `co_await`
/// (g++ 12): name it first.
template <class F, class... Args>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<Args>&&...>
[[nodiscard]] auto offload(F&& fn, Args&&... args) {
    static_assert(!awaitable<detail::spawned_call<F, Args...>>,
                  "offload() is for functions that block: spawn() what has to be awaited");
    using call = detail::offload_call<std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>;
    return call(std::in_place, std::forward<F>(fn), std::forward<Args>(args)...);
}

/// The figures of this thread's loop; `usage_error` without one.
[[nodiscard]] WEFT_EXPORT offload_pool_statistics offload_statistics();

}  // namespace weft
