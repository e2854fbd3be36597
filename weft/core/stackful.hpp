#pragma once

#include "weft/base/export.hpp"
#include "weft/core/pseudo_frame.hpp"
#include "weft/machine/context.hpp"
#include "weft/machine/stack.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

/// Stackful coroutines that await what C++20 coroutines await.
namespace weft {

class stackful;

/// Where stackful coroutines are resumed: one thread, and on it one stack that is not one of
/// theirs. An event loop is one; a queue and a loop over it is enough.
class WEFT_EXPORT stackful_home {
public:
    /// On the thread and the stack where `stackful::handle()` will be resumed.
    stackful_home();
    stackful_home(const stackful_home&) = delete;
    stackful_home& operator=(const stackful_home&) = delete;
    virtual ~stackful_home();

    /// Has `coroutine` resumed on the home's thread and stack, soon and never at once. Any thread.
    virtual void post(std::coroutine_handle<> coroutine) noexcept = 0;

private:
    friend stackful;
    context context_;
    stackful* running_ = nullptr;  // by the home's thread only
};

/// A coroutine with a stack of its own that awaits what C++20 coroutines await, ours or anybody's:
/// the half of a fiber that needs no scheduler.
///
/// ```cpp
/// void wait_twice(weft::stackful_home& home, auto first, auto second) {
///     weft::stackful body(home, [&] {
///         weft::stackful::current()->await(first);
///         weft::stackful::current()->await(second);
///     });
///     body.handle().resume();  // runs to the first await that is not ready
/// }
/// ```
///
/// 1. `handle()` is a pseudo frame: resuming it goes on with the body, until that awaits again or
///    ends. Only the home resumes it.
/// 2. `await_suspend` is called on the home's stack, after the body has left its own: it may have
///    the body resumed at once, from another thread too. What it is given is the handle of a second
///    pseudo frame, whose `resume()` posts the body to its home, from any thread.
/// 3. An exception of `await_suspend` surfaces at the await; `false` and the body's own handle go
///    on at once; another handle is resumed, as in a symmetric transfer.
/// 4. One that is suspended may not be destroyed: its operation lies on its stack (fatal, with a
///    text). An exception that leaves the body goes to whoever resumed it.
class WEFT_EXPORT stackful {
public:
    stackful(stackful_home& home, std::function<void()> body,
             std::size_t stack_bytes = default_stack_bytes);
    stackful(const stackful&) = delete;
    stackful& operator=(const stackful&) = delete;
    ~stackful();

    [[nodiscard]] std::coroutine_handle<> handle() noexcept { return frame_.handle(); }
    [[nodiscard]] bool done() const noexcept { return done_; }

    /// The one whose body calls; null outside of all.
    [[nodiscard]] static stackful* current() noexcept;

    /// Awaits like `co_await`. To be called by the body only.
    template <class Awaitable>
    decltype(auto) await(Awaitable&& awaitable) {
        refuse_unless_current();
        auto&& awaiter = detail::awaiter_of(std::forward<Awaitable>(awaitable));
        using awaiter_type = std::remove_reference_t<decltype(awaiter)>;
        if (!awaiter.await_ready()) suspend(&begin<awaiter_type>, std::addressof(awaiter));
        return awaiter.await_resume();
    }

private:
    /// Given to awaitables: brings the body home.
    struct trampoline {
        explicit trampoline(stackful& b) noexcept : body(b), frame(*this) {}
        void resumed_as_coroutine() noexcept { body.home_.post(body.handle()); }
        [[noreturn]] void destroyed_as_coroutine() noexcept;

        stackful& body;
        detail::pseudo_frame<trampoline> frame;
    };
    using trampoline_handle = std::coroutine_handle<detail::pseudo_frame<trampoline>::promise_type>;
    /// Calls `await_suspend`; returns what is to be resumed then.
    using beginning = std::coroutine_handle<> (*)(void* awaiter, trampoline_handle body);

    friend detail::pseudo_frame<stackful>;
    friend detail::pseudo_frame<trampoline>;

    template <class Awaiter>
    static std::coroutine_handle<> begin(void* awaiter, trampoline_handle body) {
        auto& self = *static_cast<Awaiter*>(awaiter);
        using result = decltype(self.await_suspend(body));
        if constexpr (std::is_void_v<result>) {
            self.await_suspend(body);
            return std::noop_coroutine();
        } else if constexpr (std::same_as<result, bool>) {
            if (self.await_suspend(body)) return std::noop_coroutine();
            return body;
        } else {
            return self.await_suspend(body);
        }
    }

    static void entry(void* self);
    void resumed_as_coroutine();
    [[noreturn]] void destroyed_as_coroutine() noexcept;
    void enter() noexcept;
    void leave() noexcept;
    void suspend(beginning how, void* awaiter);
    void refuse_unless_current() const;

    stackful_home& home_;
    std::function<void()> body_;
    stack stack_;
    context context_;
    detail::pseudo_frame<stackful> frame_;
    trampoline trampoline_;
    beginning begin_ = nullptr;  // what to do once the body has left its stack
    void* awaiter_ = nullptr;
    std::exception_ptr error_;  // out of await_suspend for the body, or out of the body
    bool started_ = false;
    bool done_ = false;
};

}  // namespace weft
