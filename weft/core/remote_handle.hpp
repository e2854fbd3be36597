#pragma once

#include "weft/base/export.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/local_values.hpp"
#include "weft/core/remote_loop.hpp"
#include "weft/core/remote_wait.hpp"
#include "weft/core/run.hpp"
#include "weft/core/scoped_call.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

/// Coroutines of other threads' loops.
namespace weft {
namespace detail {

/// What the handles of a coroutine share with it.
///
/// Rules:
/// 1. `done` and what came of it are set by the loop's thread, under the mutex, once; afterwards
///    anybody reads them. The result itself is read and moved under the mutex.
/// 2. `block_` is the loop's thread's own: the coroutine from its begin to its end.
/// 3. It holds the loop's inbox until the coroutine has ended or the last handle is gone: so long
///    its loop is not deadlocked.
/// 4. Referred to by a `shared_ptr`: of each handle, of the loop while the coroutine lives, and of
///    the letter that asks for its end while that is on its way.
class WEFT_EXPORT remote_state : public std::enable_shared_from_this<remote_state> {
public:
    explicit remote_state(std::shared_ptr<inbox> home) noexcept : home_(std::move(home)) {
        home_->hold();
    }
    remote_state(const remote_state&) = delete;
    remote_state& operator=(const remote_state&) = delete;

    // --- any thread

    void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
    void drop_handle() noexcept {
        if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) release_home();
    }
    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }
    void cancel(place at);
    /// False when it is done already.
    [[nodiscard]] bool link(remote_waiter& w) noexcept;
    [[nodiscard]] bool unlink(remote_waiter& w) noexcept;
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
    /// The end was somebody's to see.
    void observe() noexcept { observed_.store(true, std::memory_order_relaxed); }

    // --- the loop's thread

    /// Its coroutine has begun.
    void attach(control_block& b) noexcept { block_ = &b; }
    [[nodiscard]] bool has_handles() const noexcept {
        return handles_.load(std::memory_order_acquire) != 0;
    }
    /// It is over; what came of it has been stored.
    void complete() noexcept;

protected:
    ~remote_state() = default;
    /// The last one has gone.
    void report_unless_observed(const std::exception_ptr& error) const noexcept;

private:
    struct cancel_letter : posted {
        explicit cancel_letter(remote_state& s) noexcept;
        remote_state& owner;
        std::shared_ptr<remote_state> keep;
        place at = nullptr;
    };
    void release_home() noexcept {
        if (!released_.exchange(true, std::memory_order_acq_rel)) home_->let_go();
    }

    const std::shared_ptr<inbox> home_;
    std::atomic<std::uint32_t> handles_ = 0;
    std::atomic<bool> released_ = false;
    std::atomic<bool> done_ = false;
    std::atomic<bool> observed_ = false;
    std::atomic<bool> cancelled_ = false;
    std::mutex mutex_;
    remote_list waiters_;  // under the mutex
    control_block* block_ = nullptr;
    cancel_letter cancel_{*this};
};

template <class T>
class typed_remote_state final : public remote_state {
public:
    using remote_state::remote_state;
    ~typed_remote_state() {
        if (out.error()) report_unless_observed(out.error());
    }
    /// Any thread, when it is done.
    T take() {
        observe();
        const std::lock_guard lock(mutex());
        if (out.error()) std::rethrow_exception(out.error());
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (std::is_reference_v<T>) {
            return out.take();
        } else {
            if (taken_) refuse_taken_result();
            if constexpr (std::is_copy_constructible_v<T>) {
                return std::as_const(out).value();
            } else {
                taken_ = true;
                return out.take();
            }
        }
    }
    /// The loop's thread: it has ended.
    void settle(join_handle<T>&& h) noexcept {
        // Else its error is reported as that of any coroutine.
        if (has_handles()) {
            try {
                if constexpr (std::is_void_v<T>)
                    std::move(h).operator co_await().finish();
                else
                    out.set(std::move(h).operator co_await().finish());
            } catch (...) {
                out.fail(std::current_exception());
            }
        }
        complete();
    }
    void fail(std::exception_ptr e) noexcept {
        out.fail(std::move(e));
        complete();
    }

    outcome<T> out;

private:
    bool taken_ = false;
};

WEFT_EXPORT extern const wait_kind remote_join_kind;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_empty_remote();
[[nodiscard]] WEFT_EXPORT const std::shared_ptr<inbox>& mail_for_remote(const control_block& b);
[[nodiscard]] WEFT_EXPORT std::exception_ptr never_began() noexcept;
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_closed_loop();

/// Waits for the end, whatever came of it.
class WEFT_EXPORT remote_end_waiter : public remote_waiter {
public:
    explicit remote_end_waiter(std::shared_ptr<remote_state> s) noexcept
        : remote_waiter(remote_join_kind), state(std::move(s)) {}
    std::shared_ptr<remote_state> state;
};

template <class Derived>
class remote_end_awaiter : public awaiter<Derived, remote_end_waiter> {
public:
    using awaiter<Derived, remote_end_waiter>::awaiter;
    [[nodiscard]] bool try_now() noexcept {
        return this->state->done() ||
               this_scheduler().spin_until([this] { return this->state->done(); });
    }
    void start() noexcept {
        this->begin(this_scheduler());
        if (!this->state->link(*this)) this->wake();
    }
};

}  // namespace detail

/// A coroutine of a loop, as any thread may hold it: to wait for it, to get what it gives, to
/// cancel it (R6). While one is left and the coroutine lives, its loop does not call itself
/// deadlocked.
///
/// ```cpp
/// int answer_of(weft::remote_loop there) {  // a thread without a loop
///     const auto h = weft::spawn_on(there, [] {
///         weft::await(weft::sleep(std::chrono::milliseconds(1)));
///         return 42;
///     });
///     return h.blocking_get();
/// }
/// ```
///
/// 1. In a coroutine of any loop, `co_await h` and `await(h)`; on a thread without a loop
///    `blocking_get()`. They give the result, or throw what the coroutine failed by, or
///    `child_cancelled`.
/// 2. A result is copied for each who asks. One that cannot be copied is given to the first.
/// 3. It may be copied, and outlive the loop. When the last is dropped the coroutine runs on; what
///    it then fails by is reported (R13).
template <class T>
class remote_handle {
    using state_type = detail::typed_remote_state<T>;

public:
    using value_type = T;

    class awaiter : public detail::remote_end_awaiter<awaiter> {
    public:
        explicit awaiter(std::shared_ptr<state_type> s) noexcept
            : detail::remote_end_awaiter<awaiter>(std::move(s)) {}
        T finish() { return static_cast<state_type&>(*this->state).take(); }
    };
    class end_awaiter : public detail::remote_end_awaiter<end_awaiter> {
    public:
        using detail::remote_end_awaiter<end_awaiter>::remote_end_awaiter;
        void finish() const noexcept {}
    };

    remote_handle() noexcept = default;
    /// Of a coroutine of the loop of this thread, which other threads are to know of. Takes the
    /// place of `h`; what cannot be copied is given to whoever asks first, here or there.
    explicit remote_handle(join_handle<T> h)
        : remote_handle(std::make_shared<state_type>(detail::mail_for_remote(h.block()))) {
        bind(state_, std::move(h));
    }
    remote_handle(const remote_handle& other) noexcept : remote_handle(other.state_) {}
    remote_handle(remote_handle&& other) noexcept = default;
    remote_handle& operator=(remote_handle other) noexcept {
        state_.swap(other.state_);
        return *this;
    }
    ~remote_handle() {
        if (state_ != nullptr) state_->drop_handle();
    }

    /// It holds a coroutine.
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
    /// It has ended.
    [[nodiscard]] bool ready() const { return state().done(); }

    /// Asks for its end, as `join_handle::cancel`: it takes place on its loop's thread, soon.
    void cancel(std::source_location at = std::source_location::current()) const {
        state().cancel(detail::place_of(at));
    }

    [[nodiscard]] awaiter operator co_await() const { return awaiter(shared()); }
    /// The same as awaiting the handle.
    [[nodiscard]] awaiter get() const { return awaiter(shared()); }
    /// Awaited, waits for the end, and gives and throws nothing of the coroutine's.
    [[nodiscard]] end_awaiter join() const { return end_awaiter(shared()); }

    /// For a thread without a loop; on others `usage_error`.
    T blocking_get() const {
        blocking_join();
        return state().take();
    }
    void blocking_join() const {
        detail::refuse_to_block_loop("remote_handle");
        detail::remote_end_waiter self(shared());
        if (state_->link(self)) self.block_thread();
    }

    // Used by spawn_on().
    explicit remote_handle(std::shared_ptr<state_type> s) noexcept : state_(std::move(s)) {
        if (state_ != nullptr) state_->add_handle();
    }
    [[nodiscard]] const std::shared_ptr<state_type>& shared() const {
        static_cast<void>(state());
        return state_;
    }
    static void bind(const std::shared_ptr<state_type>& to, join_handle<T>&& h) {
        to->attach(h.block());
        // The link keeps the handle of the coroutine until it has ended.
        h.link([to](join_handle<T> ended) { to->settle(std::move(ended)); });
    }

private:
    [[nodiscard]] state_type& state() const {
        if (state_ == nullptr) [[unlikely]]
            detail::refuse_empty_remote();
        return *state_;
    }

    std::shared_ptr<state_type> state_;
};

/// Begins a coroutine on another loop, from any thread: a task or a fiber, as `spawn` has it, with
/// the callable and copies of the arguments moved there, and copies of the caller's `local`s.
/// `usage_error` when that loop is closed;
/// when it is closed before the coroutine has begun, its end is a `child_cancelled`.
template <class F, class... Args>
    requires std::invocable<std::decay_t<F>&&, std::unwrap_ref_decay_t<Args>&&...>
[[nodiscard("keep the handle, or let it go by a (void) cast")]] auto spawn_on(
    const remote_loop& where, F&& fn, Args&&... args) {
    using result = detail::spawned_result<detail::spawned_call<F, Args...>>;
    using state_type = detail::typed_remote_state<result>;
    if (where.closed()) detail::refuse_closed_loop();
    remote_handle<result> handle(std::make_shared<state_type>(where.mail()));
    // Fails the state when it is destroyed without having been called.
    class beginning {
    public:
        beginning(std::shared_ptr<state_type> s, std::decay_t<F>&& f,
                  std::tuple<std::decay_t<Args>...>&& a)
            : state_(std::move(s)), fn_(std::move(f)), args_(std::move(a)) {}
        beginning(beginning&&) noexcept = default;
        ~beginning() {
            if (state_ != nullptr) state_->fail(detail::never_began());
        }
        void operator()() {
            const std::shared_ptr<state_type> state = std::exchange(state_, nullptr);
            try {
                detail::scheduler& home = detail::this_scheduler();
                const detail::carried_locals::given with(locals_);
                std::apply(
                    [&](auto&&... a) {
                        remote_handle<result>::bind(
                            state, detail::spawn_call(home, home.root(), nullptr, std::move(fn_),
                                                      std::forward<decltype(a)>(a)...));
                    },
                    std::move(args_));
            } catch (...) {
                state->fail(std::current_exception());
            }
        }

    private:
        std::shared_ptr<state_type> state_;
        std::decay_t<F> fn_;
        std::tuple<std::decay_t<Args>...> args_;
        detail::carried_locals locals_;  // of who calls spawn_on
    };
    if (!where.post(beginning(handle.shared(), std::decay_t<F>(std::forward<F>(fn)),
                              std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...))))
        detail::refuse_closed_loop();
    return handle;
}

}  // namespace weft
