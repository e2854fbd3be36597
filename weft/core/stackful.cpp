#include "weft/core/stackful.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

namespace weft {
namespace {

/// Read and written out of line only: compilers keep the address of a thread-local variable across
/// a suspension.
constinit thread_local stackful* current_body = nullptr;

[[gnu::noinline]] stackful* exchange_current(stackful* body) noexcept {
    return std::exchange(current_body, body);
}

}  // namespace

stackful_home::stackful_home() {
    adopt_thread(context_);
}
stackful_home::~stackful_home() {
    forget_context(context_);
}

stackful::stackful(stackful_home& home, std::function<void()> body, std::size_t stack_bytes)
    : home_(home),
      body_(std::move(body)),
      stack_(stack::acquire(stack_bytes)),
      frame_(*this),
      trampoline_(*this) {
    prepare_context(context_, stack_.limit(), stack_.top(), &entry, this);
}

stackful::~stackful() {
    WEFT_CHECK(done_ || !started_,
               "a stackful coroutine was destroyed while it is suspended: what it awaits lies on "
               "its stack; let it run to its end first");
    forget_context(context_);
}

[[gnu::noinline]] stackful* stackful::current() noexcept {
    return current_body;
}

void stackful::entry(void* argument) {
    auto* const self = static_cast<stackful*>(argument);
    context_entered(self->context_);
    try {
        std::exchange(self->body_, nullptr)();
    } catch (...) {
        self->error_ = std::current_exception();
    }
    self->done_ = true;
    leave_context(self->context_, self->home_.context_);
}

void stackful::enter() noexcept {
    stackful* const outer = exchange_current(this);
    home_.running_ = this;
    started_ = true;
    switch_context(home_.context_, context_);
    home_.running_ = nullptr;
    exchange_current(outer);
}

/// Back to whoever resumed the body, which then calls `await_suspend`.
void stackful::leave() noexcept {
    stack_.check_canary();
    switch_context(context_, home_.context_);
}

void stackful::resumed_as_coroutine() {
    if (done_)
        throw usage_error("resume(): this stackful coroutine has ended: resume it no more once "
                          "done() is true");
    if (home_.running_ != nullptr)
        throw usage_error("resume(): a stackful coroutine is resumed by its home, on the home's "
                          "own stack, and not from another body: post() it instead");
    for (;;) {
        enter();
        if (done_) {
            if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
            return;
        }
        // From here on the body may be resumed, end and be destroyed before `how` returns, unless
        // `how` throws or names it as the next to be resumed.
        const trampoline_handle mine = trampoline_.frame.handle();
        const beginning how = std::exchange(begin_, nullptr);
        std::coroutine_handle<> next;
        try {
            next = how(awaiter_, mine);
        } catch (...) {
            error_ = std::current_exception();
            continue;
        }
        if (next.address() == mine.address()) continue;
        next.resume();
        return;
    }
}

void stackful::suspend(beginning how, void* awaiter) {
    begin_ = how;
    awaiter_ = awaiter;
    leave();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void stackful::refuse_unless_current() const {
    if (current() != this)
        throw usage_error("await(): called from outside of the body: a stackful coroutine awaits "
                          "on its own stack only");
}

void stackful::destroyed_as_coroutine() noexcept {
    WEFT_CHECK(false, "destroy() on the handle of a stackful coroutine: only its owner ends it");
    __builtin_unreachable();
}

void stackful::trampoline::destroyed_as_coroutine() noexcept {
    WEFT_CHECK(false,
               "an awaitable destroyed the coroutine that awaits it, which is a stackful one: "
               "resume it instead, with an error if need be");
    __builtin_unreachable();
}

}  // namespace weft
