// The part of the scheduler that calls functions.

#include "weft/core/loop_calls.hpp"

#include "weft/base/unhandled.hpp"
#include "weft/core/scheduler.hpp"

namespace weft {
namespace detail {
namespace {

constexpr wait_kind call_kind{
    "call",
    nullptr,
    [](waiter& w) noexcept {
        auto& call = static_cast<scheduled_call&>(w);
        call.home().call_is_due(call);
    },
};

}  // namespace

scheduled_call::scheduled_call(const vtable& code) noexcept : timer(call_kind), code_(&code) {}

void call_queue::push_back(scheduled_call& c) noexcept {
    c.queue_ = this;
    c.prev_ = last_;
    c.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &c;
    last_ = &c;
}

void call_queue::remove(scheduled_call& c) noexcept {
    (c.prev_ != nullptr ? c.prev_->next_ : first_) = c.next_;
    (c.next_ != nullptr ? c.next_->prev_ : last_) = c.prev_;
    c.queue_ = nullptr;
}

void call_queue::take(call_queue& from) noexcept {
    first_ = std::exchange(from.first_, nullptr);
    last_ = std::exchange(from.last_, nullptr);
    for (scheduled_call* c = first_; c != nullptr; c = c->next_) c->queue_ = this;
}

void report_callback() noexcept {
    constexpr std::string_view where = "a callback of the loop";
    const scheduler* const home = the_scheduler;
    if (home != nullptr && home->how().on_unhandled())
        home->how().on_unhandled()(std::current_exception(), where);
    else
        report_unhandled(std::current_exception(), where);
}

void scheduler::call_soon(std::function<void()> f) {
    call_soon(make_call(std::move(f)));
}

void scheduler::call_soon(scheduled_call& c) noexcept {
    c.home_ = this;
    calls_.push_back(c);
}

void scheduler::call_at(scheduled_call& c, clock::time_point when) noexcept {
    c.home_ = this;
    timed_calls_.push_back(c);
    timers_.start(c, when);
}

void scheduler::call_is_due(scheduled_call& c) noexcept {
    timed_calls_.remove(c);
    calls_.push_back(c);
}

void scheduler::cancel_call(scheduled_call& c) noexcept {
    timers_.cancel(c);
    c.queue_->remove(c);
    c.code_->discard(c);
    c.drop_reference();
}

bool scheduler::take_mail() noexcept {
    if (inbox_->empty()) return false;
    for (posted* p = inbox_->take(); p != nullptr;) {
        posted* const next = p->next;
        p->taken(*p);
        p = next;
    }
    return true;
}

void scheduler::call_callbacks() noexcept {
    if (calls_.empty()) return;
    // Those that are added meanwhile wait for the next turn.
    calling_.take(calls_);
    while (!calling_.empty()) {
        scheduled_call& c = calling_.front();
        calling_.remove(c);
        try {
            c.code_->invoke(c);
        } catch (...) {
            report_callback();
        }
        c.code_->discard(c);
        c.drop_reference();
    }
}

void scheduler::drop_calls() noexcept {
    for (call_queue* q : {&calls_, &timed_calls_})
        while (!q->empty()) cancel_call(q->front());
}

}  // namespace detail

bool call_handle::cancel() noexcept {
    if (!pending()) return false;
    call_->home().cancel_call(*call_);
    return true;
}

}  // namespace weft
