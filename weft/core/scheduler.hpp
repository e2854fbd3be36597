#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/loop_calls.hpp"
#include "weft/core/options.hpp"
#include "weft/core/oracle.hpp"
#include "weft/core/ready_queue.hpp"
#include "weft/core/registry.hpp"
#include "weft/core/spinner.hpp"
#include "weft/core/stop_state.hpp"
#include "weft/core/timer_wheel.hpp"
#include "weft/core/waiter.hpp"
#include "weft/core/watchdog.hpp"
#include "weft/machine/context.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

/// The scheduler: the state of one loop, and the turn that it makes over and over.
///
/// Rules:
/// 1. It resumes `std::coroutine_handle<>` and nothing else: the `leaf` of the block that is next.
///    Tasks run on the loop's own stack, fibers on theirs.
/// 2. A turn resumes what is ready, at most `tick_max` times, hand-offs between fibers included,
///    then polls: what other threads have posted, timers, the driver (R4). It waits in the driver
///    only when nothing is ready.
/// 3. A resumed coroutine has a budget of `budget_max` awaits that complete at once, begins of
///    nested tasks included; then it goes to the end of the ready queue. So no loop of awaits keeps
///    the thread, and no chain of transfers grows the stack (R4).
/// 4. Everything belongs to the loop's thread but `inbox`, `driver::wake`, and what the watchdog
///    reads (watchdog.hpp).
/// 5. When nothing is ready, no timer runs, the driver has nothing pending and nobody else can
///    post, nothing can ever run again: that is a deadlock.
namespace weft {
class loop;
}  // namespace weft
namespace weft::detail {

struct fiber_record;
class loop_group;
class loop_remotes;

class WEFT_EXPORT scheduler {
public:
    static constexpr std::uint32_t tick_max = 256;
    static constexpr int budget_max = 128;

    explicit scheduler(options how);
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;
    ~scheduler();

    /// The calling thread runs it. Any thread; out of line, since an address of a thread's variable
    /// must not be kept from another.
    [[nodiscard]] bool is_here() const noexcept;

    // --- for awaiters, by the coroutine that runs

    /// Null while no coroutine runs.
    [[nodiscard]] control_block* current() const noexcept {
        return watched_.current.load(std::memory_order_relaxed);
    }
    /// What completes at once is charged; false: to the end of the queue with it.
    [[nodiscard]] bool charge() noexcept { return --budget_ > 0; }
    /// The next charge would not send it there.
    [[nodiscard]] bool affords() const noexcept { return budget_ > 1; }
    void push(control_block& b) noexcept { ready_.push(b); }
    /// `b` goes on at once, by way of the loop; at the end of a turn the others are first (rule 2).
    void push_next(control_block& b) noexcept {
        if (ticks_left())
            ready_.push_front(b);
        else
            ready_.push(b);
    }
    /// What it waited for has come.
    void wake(control_block& b) noexcept {
        b.wait = nullptr;
        ready_.push(b);
    }
    /// Its wait is over without that: it raises `cancelled`.
    void abandon(control_block& b) noexcept {
        b.flags |= block_flag::abandoned;
        wake(b);
    }
    /// `b` suspends, waiting for `w`.
    void waits(control_block& b, waiter& w) noexcept {
        b.wait = &w;
        b.since = now_;
    }

    /// How the task on the loop's stack has ended, which has just returned to the scheduler.
    enum class ending : std::uint8_t {
        none,    ///< it has not: it is suspended
        nested,  ///< its awaiter, now the leaf of its block, goes on
        whole,   ///< it was spawned: so has its block
    };
    ending leaf_ended = ending::none;

    // --- coroutines

    /// A block for a coroutine that is to be run, in the scope `in`; not yet ready.
    [[nodiscard]] control_block& add(block_kind kind, cancel_node& in, place at);
    /// It has ended, its frame is gone: with the result that it has, or `child_failed`.
    void whole_ended(control_block& b) noexcept;
    /// Nobody holds it any more.
    void drop_handle(control_block& b) noexcept {
        if (--b.handles == 0 && b.ended()) retire_block(b);
    }

    // --- children that begin at once, without the ready queue (when_all_branches.hpp)

    /// False when an oracle has to be asked who is next, and when too many calls are nested.
    [[nodiscard]] bool runs_within() const noexcept {
        return oracle_ == nullptr && within_ < within_max;
    }
    /// False: time to poll.
    [[nodiscard]] bool ticks_left() const noexcept {
        return watched_.tick.load(std::memory_order_relaxed) != tick_end_;
    }
    /// Runs the task of `b`, which is new, within the task that runs and goes on afterwards. True
    /// when it has ended; then it is for the caller to say so (`whole_ended`), or to use the block
    /// again (`renew`). REQUIRES: runs_within() and ticks_left().
    [[nodiscard]] bool run_within(control_block& b) {
        control_block* const outer = current();
        const int budget = budget_;
        ++within_;
        started(b);
        try {
            b.leaf.resume();
        } catch (...) {
            resumed_with_error();
        }
        bool over = false;
        if (leaf_ended == ending::whole) [[likely]] {
            leaf_ended = ending::none;
            over = true;
        } else if (leaf_ended == ending::nested) {
            over = nested_within();
        }
        if (after_leaving_ != nullptr) [[unlikely]]
            call_after_leaving();
        --within_;
        watched_.current.store(outer, std::memory_order_release);
        budget_ = budget;
        return over;
    }
    /// `b` is for another coroutine: the last one ended in `run_within` and left nothing in it.
    void renew(control_block& b) noexcept {
        publish(b.number, static_cast<std::uint32_t>(++spawned_));
        b.flags &= block_flag::cancel_pending;
        b.spawned = b.since = now_;
    }

    [[nodiscard]] std::size_t live() const noexcept { return live_; }
    [[nodiscard]] std::uint64_t spawned() const noexcept { return spawned_; }

    // --- the world

    [[nodiscard]] driver& world() noexcept { return *driver_; }
    [[nodiscard]] timer_wheel& timers() noexcept { return timers_; }
    [[nodiscard]] cancel_node& root() noexcept { return root_; }
    [[nodiscard]] inbox& mail() noexcept { return *inbox_; }
    /// To be kept by who posts without being waited for.
    [[nodiscard]] const std::shared_ptr<inbox>& shared_mail() const noexcept { return inbox_; }
    [[nodiscard]] const options& how() const noexcept { return how_; }
    [[nodiscard]] registry& blocks() noexcept { return *registry_; }
    /// As of the last poll.
    [[nodiscard]] clock::time_point now() const noexcept { return now_; }
    [[nodiscard]] exception_state& exceptions() noexcept { return *exceptions_; }

    /// Calls `f` from the loop, soon: never from within the call.
    void call_soon(std::function<void()> f);
    void call_soon(scheduled_call& c) noexcept;
    void call_at(scheduled_call& c, clock::time_point when) noexcept;
    void call_is_due(scheduled_call& c) noexcept;
    void cancel_call(scheduled_call& c) noexcept;
    /// Operations that the driver has, foreign awaits, and waits that another thread may end: while
    /// there are some, others can act.
    std::size_t operations = 0;
    std::size_t foreign_waits = 0;
    std::size_t remotes = 0;
    /// Asks `is()` again and again, for as long as `options::spin` has it, when this coroutine is
    /// all that the loop has to do: another thread may be about to make it true.
    template <class Is>
    [[nodiscard]] bool spin_until(Is is) {
        if (!ready_.empty() || !calls_.empty() || operations != 0 || oracle_ != nullptr)
            return false;
        bool is_true = false;
        return spinner_.until([&] { return (is_true = is()) || !inbox_->empty(); }) && is_true;
    }
    /// What a higher layer keeps with a loop: its pool of threads. Goes with it.
    std::shared_ptr<void> offload_pool;

    // --- fibers

    /// Leaves the stack of `self`, whose block is ready or waits; returns when it is resumed.
    void suspend_fiber(fiber_record& self) noexcept;
    /// The same, and `then(argument)` is called on the loop's stack.
    void suspend_fiber_and(fiber_record& self, void (*then)(void*), void* argument) noexcept;
    /// `then(argument)` is called on the loop's stack when what runs there has returned.
    void after_leaving(void (*then)(void*), void* argument) noexcept {
        after_leaving_ = then;
        after_leaving_argument_ = argument;
    }
    /// Leaves it for ever.
    [[noreturn]] void leave_fiber(fiber_record& self) noexcept;
    /// From the loop's stack onto the fiber's.
    void enter_fiber(fiber_record& self) noexcept;
    /// Frees the stack of a fiber that has ended, once somebody else runs.
    void reap() noexcept {
        if (finished_ != nullptr) [[unlikely]]
            reap_finished();
    }
    void has_canaries() noexcept { canaries_ = true; }

    // --- for `loop`

    /// Makes turns until `b` has ended: true. False when nothing can ever run again.
    [[nodiscard]] bool run_until_ended(control_block& b);
    /// The same until no coroutine lives.
    [[nodiscard]] bool run_until_empty();
    /// For a loop that is run by another: makes a turn without waiting, prepares its descriptor for
    /// the next one, and says whether there is more to do at once.
    bool step();
    /// When `step` is to be called at the latest.
    [[nodiscard]] clock::time_point next_deadline() noexcept;
    /// Runs what is ready, then waits for more: false when nothing can ever run again.
    [[nodiscard]] bool turn() {
        run_ready();
        return poll();
    }

    // --- its end (stopping.cpp)

    /// It is told to stop, alone or with its group: it drains, then `end`s. A second time it ends.
    void stop_all(const cancel_origin& origin);
    void stop(const cancel_origin& origin);
    /// Cancels all that lives, and begins to measure how long it takes to go.
    void end(const cancel_origin& origin) noexcept;
    /// Nothing lives: for the next run.
    void renew() noexcept;
    [[nodiscard]] stop_state& stops() noexcept { return stops_; }
    /// The loops that it runs with, and its place among them; null when there are none.
    loop_group* group = nullptr;
    std::size_t index = 0;
    /// What `loops()` gives when it is alone. Made when asked for.
    std::shared_ptr<loop_remotes> remotes_of_one;

    /// A thread is inside of it. Any thread.
    [[nodiscard]] bool runs() const noexcept { return runs_.load(std::memory_order_relaxed); }
    /// The `loop` that owns it, or null.
    loop* facade = nullptr;

private:
    friend class running_scheduler;

    void run_ready();
    void resume_next();
    void follow_leaf();
    [[nodiscard]] bool leaf_is_over();
    [[nodiscard]] bool nested_within() noexcept;
    [[gnu::cold]] static void resumed_with_error() noexcept;
    void call_after_leaving();
    void failed(control_block& b) noexcept;
    void ended(control_block& b) noexcept;
    void started(control_block& b) noexcept {
        // With release: the watchdog reads its name. The same instruction on x86.
        watched_.current.store(&b, std::memory_order_release);
        const std::uint32_t tick = watched_.tick.load(std::memory_order_relaxed);
        watched_.tick.store(tick - 1, std::memory_order_relaxed);
        budget_ = budget_max;
    }
    /// Asks the caches for what the next ones will touch: a block is needed two resumes ahead, what
    /// it resumes one, and its stack at once. A million coroutines fit into no cache.
    void look_ahead() const noexcept;
    /// Who is next, after the oracle; null when nobody is ready.
    [[nodiscard]] control_block* next() noexcept {
        if (oracle_ != nullptr && !ready_.empty()) [[unlikely]]
            ready_.choose(*oracle_);
        return ready_.front();
    }
    [[nodiscard]] bool poll();
    [[nodiscard]] bool nothing_can_come() noexcept;
    void stop_is_due() noexcept;
    /// When time will do something.
    [[nodiscard]] clock::time_point nearest() noexcept {
        return std::min(timers_.nearest(), stops_.due());
    }
    void park() noexcept;
    /// Whether there was some.
    bool take_mail() noexcept;
    void call_callbacks() noexcept;
    void drop_calls() noexcept;
    void expire_timers() noexcept;
    void hand_over(fiber_record& self) noexcept;
    void suspend_with_greenlets(fiber_record& self, void (*then)(void*), void* argument) noexcept;
    void reap_finished() noexcept;
    static void report_slow(watched_loop& loop, std::chrono::nanoseconds kept) noexcept;

    // What every resume touches.
    ready_queue ready_;
    int budget_ = budget_max;
    std::uint32_t tick_end_ = 0;
    oracle* oracle_;
    fiber_record* finished_ = nullptr;
    exception_state* exceptions_;
    void (*after_leaving_)(void*) = nullptr;  // to be called on the loop's stack
    void* after_leaving_argument_ = nullptr;
    control_block* awaited_ = nullptr;  // whose end stops the turns
    bool canaries_ = false;
    context stack_;  // the loop's own
    clock::time_point now_;
    struct watch : watched_loop {
        scheduler* owner = nullptr;
    };
    watch watched_;
    std::atomic<bool> runs_ = false;

    static constexpr int within_max = 16;
    int within_ = 0;  // calls of run_within
    std::size_t live_ = 0;
    std::uint64_t spawned_ = 0;
    struct orphaner {
        void operator()(registry* r) const noexcept { r->orphan(); }
    };
    std::unique_ptr<registry, orphaner> registry_;  // its blocks may be held beyond the loop
    options how_;
    std::unique_ptr<driver> driver_;
    timer_wheel timers_;
    std::shared_ptr<inbox> inbox_;
    call_queue calls_;        // for the next turn
    call_queue calling_;      // those of this turn
    call_queue timed_calls_;  // each with a timer
    spinner spinner_;
    stop_state stops_;
    cancel_node root_;
};

/// The calling thread's loop while it runs; null on a thread without one.
extern WEFT_EXPORT
    __attribute__((tls_model("initial-exec"))) constinit thread_local scheduler* the_scheduler;

/// Makes a scheduler the calling thread's for as long as it lives.
class WEFT_EXPORT running_scheduler {
public:
    /// Throws `usage_error` when a loop runs here already.
    explicit running_scheduler(scheduler& s);
    running_scheduler(const running_scheduler&) = delete;
    running_scheduler& operator=(const running_scheduler&) = delete;
    ~running_scheduler();
};

/// Between two turns of a loop that is run by another one (`loop::run_ready`): what acts on its
/// coroutines acts within it. Within a loop it does nothing.
class WEFT_EXPORT scheduler_visit {
public:
    explicit scheduler_visit(scheduler& s) noexcept : enters_(the_scheduler == nullptr) {
        if (enters_) the_scheduler = &s;
    }
    scheduler_visit(const scheduler_visit&) = delete;
    scheduler_visit& operator=(const scheduler_visit&) = delete;
    /// Whoever waits for its descriptor has to make a turn.
    ~scheduler_visit() {
        if (enters_) std::exchange(the_scheduler, nullptr)->world().wake();
    }

private:
    bool enters_;
};

/// The scheduler of the thread, or a `usage_error` that says what was attempted.
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_without_loop(const char* what);
[[nodiscard]] inline scheduler& scheduler_for(const char* what) {
    scheduler* const s = the_scheduler;
    if (s == nullptr) [[unlikely]]
        refuse_without_loop(what);
    return *s;
}
/// The same for what only a coroutine may do. The loop of its own coroutine is always there.
[[nodiscard]] inline scheduler& this_scheduler() noexcept {
    return *the_scheduler;
}

}  // namespace weft::detail
