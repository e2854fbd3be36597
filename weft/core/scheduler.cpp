#include "weft/core/scheduler.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/join_waiter.hpp"
#include "weft/core/local_values.hpp"
#include "weft/core/look_ahead.hpp"
#include "weft/core/loop_group.hpp"
#include "weft/core/scope_children.hpp"
#include "weft/core/stored_result.hpp"

#include <algorithm>
#include <utility>

namespace weft::detail {

constinit thread_local scheduler* the_scheduler = nullptr;

void refuse_without_loop(const char* what) {
    throw usage_error(std::string(what) +
                      ": there is no loop on this thread: call it within weft::run(...)");
}

[[gnu::noinline]] bool scheduler::is_here() const noexcept {
    return the_scheduler == this;
}

running_scheduler::running_scheduler(scheduler& s) {
    if (the_scheduler != nullptr)
        throw usage_error("run(): a loop runs on this thread already: spawn() or await instead, or "
                          "run the other loop on another thread");
    if (s.runs_.exchange(true, std::memory_order_relaxed))
        throw usage_error("run(): another thread runs this loop: post() or spawn_on() it");
    the_scheduler = &s;
    s.exceptions_ = &thread_exceptions();
    adopt_thread(s.stack_);
    watch(s.watched_);
}

running_scheduler::~running_scheduler() {
    scheduler* const s = std::exchange(the_scheduler, nullptr);
    unwatch(s->watched_);
    forget_context(s->stack_);
    s->runs_.store(false, std::memory_order_relaxed);
}

scheduler::scheduler(options how)
    : oracle_(how.choices()),
      exceptions_(&thread_exceptions()),
      registry_(new registry(*this)),
      how_(std::move(how)),
      driver_(how_.make_driver()),
      timers_(driver_->now()),
      inbox_(std::make_shared<inbox>(*driver_)),
      spinner_(how_.spin()),
      root_(*this) {
    now_ = driver_->now();
    watched_.limit = how_.watchdog();
    watched_.report = &report_slow;
    watched_.owner = this;
}

scheduler::~scheduler() {
    WEFT_CHECK(live_ == 0, "a loop was destroyed while coroutines live");
    inbox_->close();
    remotes_of_one.reset();
    drop_calls();
    offload_pool.reset();
    root_.leave();
    registry_.reset();
}

control_block& scheduler::add(block_kind kind, cancel_node& in, place at) {
    control_block& b = registry_->acquire();
    publish(b.kind, kind);
    publish(b.number, static_cast<std::uint32_t>(++spawned_));
    publish(b.spawned_at, at);
    b.spawned = b.since = now_;
    const control_block* const by = current();
    if (by == nullptr || by->locals != nullptr) [[unlikely]]
        b.locals = locals_to_inherit(by);
    in.add(b);
    ++live_;
    return b;
}

/// It has returned or failed, and so has its coroutine.
void scheduler::whole_ended(control_block& b) noexcept {
    b.state = block_state::returned;
    if (b.has(block_flag::child_failed)) [[unlikely]]
        failed(b);
    ended(b);
}

/// An error ended it, perhaps after it had a result (a destructor may throw).
void scheduler::failed(control_block& b) noexcept {
    drop_result(b);
    b.flags &= static_cast<std::uint8_t>(~block_flag::child_failed);
    b.state = block_state::failed;
    try {
        std::rethrow_exception(b.extra->error);
    } catch (const cancelled& c) {
        b.state = block_state::cancelled;
        b.extra->origin = c.origin();
        b.extra->error = nullptr;
    } catch (...) {}
}

void scheduler::ended(control_block& b) noexcept {
    cancel_node* const in = b.scope;
    cancel_node::remove(b);
    --live_;
    b.leaf = nullptr;
    if (b.locals != nullptr) [[unlikely]]
        drop_locals(b);
    if (b.joiners != nullptr) wake_joiners(b);
    if (b.has(block_flag::in_scope)) scope_children::of(*in).child_ended(b);
    if (b.extra != nullptr) [[unlikely]] {
        for (auto& link : std::exchange(b.extra->links, {})) {
            call_soon([keep = any_handle(b), f = std::move(link)] { f(keep.block()); });
            --b.handles;  // the link's own
        }
    }
    if (&b == awaited_) tick_end_ = watched_.tick.load(std::memory_order_relaxed);
    if (b.handles == 0) retire_block(b);
}

bool scheduler::run_until_ended(control_block& b) {
    awaited_ = &b;
    bool going = true;
    while (going && !b.ended()) {
        run_ready();
        if (!b.ended()) going = poll();
    }
    awaited_ = nullptr;
    return going;
}

bool scheduler::run_until_empty() {
    // A callback that has itself called again is left for the next run.
    constexpr int rounds_max = 100;
    for (int round = 0; live_ > 0 || (!calls_.empty() && round < rounds_max); ++round) {
        if (live_ == 0) call_callbacks();
        while (live_ > 0) {
            run_ready();
            if (live_ > 0 && !poll()) return false;
        }
    }
    return true;
}

void scheduler::run_ready() {
    tick_end_ = watched_.tick.load(std::memory_order_relaxed) - tick_max;
    while (!ready_.empty() && ticks_left()) {
        try {
            while (!ready_.empty() && ticks_left()) resume_next();
        } catch (...) {
            resumed_with_error();
            call_after_leaving();
        }
    }
    watched_.current.store(nullptr, std::memory_order_relaxed);
}

/// On with those that await what has ended, one after the other.
inline bool scheduler::leaf_is_over() {
    control_block& b = *current();
    while (leaf_ended == ending::nested) {
        leaf_ended = ending::none;
        if (!charge()) [[unlikely]] {
            push(b);
            return false;
        }
        b.leaf.resume();
    }
    return std::exchange(leaf_ended, ending::none) == ending::whole;
}
inline void scheduler::follow_leaf() {
    control_block& b = *current();
    if (leaf_is_over()) whole_ended(b);
}

bool scheduler::nested_within() noexcept {
    try {
        return leaf_is_over();
    } catch (...) {
        resumed_with_error();
        return false;
    }
}

/// Of a foreign coroutine; ours keep their errors to themselves.
void scheduler::resumed_with_error() noexcept {
    report_unhandled(std::current_exception(), "resuming a foreign coroutine");
}

void scheduler::resume_next() {
    control_block& b = *next();
    ready_.pop();
    if (oracle_ != nullptr) [[unlikely]]
        oracle_->resumed(b.number, now_);
    started(b);
    look_ahead();
    b.leaf.resume();
    if (leaf_ended != ending::none) follow_leaf();
    if (after_leaving_ != nullptr) [[unlikely]]
        call_after_leaving();
    reap();
}

/// A call may resume the fiber, which may leave its stack for another call.
void scheduler::call_after_leaving() {
    while (after_leaving_ != nullptr) {
        const auto call = std::exchange(after_leaving_, nullptr);
        call(after_leaving_argument_);
    }
}

bool scheduler::poll() {
    watched_.turns.store(watched_.turns.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    take_mail();
    call_callbacks();
    if (!timers_.empty()) expire_timers();
    if (stops_.due() != clock::never) [[unlikely]]
        stop_is_due();
    if (!ready_.empty() || !calls_.empty()) {
        spinner_.refill();
        if (operations > 0 || !timers_.empty() || stops_.due() != clock::never)
            driver_->park(clock::time_point::min());
        return true;
    }
    if (nothing_can_come()) {
        // Something may have been posted since, by who is a remote no longer.
        if (group == nullptr) return take_mail();
        if (group->all_idle(*this)) return false;
    }
    park();
    return true;
}

/// Unless another loop of its group posts it.
bool scheduler::nothing_can_come() noexcept {
    if (group != nullptr && live_ == 0 && group->is_ending()) return true;
    return timers_.nearest() == clock::never && stops_.drained_at == clock::never &&
           foreign_waits == 0 && remotes == 0 && !inbox_->is_held() &&
           (operations == 0 || driver_->is_stuck());
}

void scheduler::park() noexcept {
    entering_park(watched_);
    const bool by_others = remotes != 0 && operations == 0 && oracle_ == nullptr;
    if (!spinner_.missed()) spinner_.refill();  // what it has found does not count
    if (!by_others || !spinner_.until([this] { return !inbox_->empty(); }))
        driver_->park(nearest());
    spinner_.refill();
    left_park(watched_);
    if (group != nullptr) group->not_idle(*this);
    now_ = driver_->now();
    take_mail();
    if (!timers_.empty()) expire_timers();
}

clock::time_point scheduler::next_deadline() noexcept {
    if (!ready_.empty() || !calls_.empty() || !inbox_->empty()) return clock::time_point::min();
    return nearest();
}

bool scheduler::step() {
    driver_->park(clock::time_point::min());
    watched_.turns.store(watched_.turns.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    now_ = driver_->now();
    take_mail();
    if (!timers_.empty()) expire_timers();
    if (stops_.due() != clock::never) stop_is_due();
    call_callbacks();
    run_ready();
    if (live_ == 0 && stops_.ends) renew();  // it was stopped
    return !driver_->prepare(next_deadline());
}

void scheduler::expire_timers() noexcept {
    now_ = driver_->now();
    timers_.expire(now_, oracle_);
}

void scheduler::report_slow(watched_loop& loop, std::chrono::nanoseconds kept) noexcept {
    describe_slow(static_cast<watch&>(loop).owner->how_, loop, kept);
}

}  // namespace weft::detail
