#include "weft/core/run.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"

namespace weft {

deadlock::~deadlock() = default;

loop::loop(options how)
    : scheduler_(std::make_unique<detail::scheduler>(std::move(how))),
      mail_(scheduler_->shared_mail()) {
    scheduler_->facade = this;
}
loop::~loop() {
    WEFT_CHECK(!scheduler_ || detail::the_scheduler != scheduler_.get(),
               "a loop was destroyed while it runs");
    WEFT_CHECK(!scheduler_ || scheduler_->live() == 0 || detail::the_scheduler == nullptr,
               "a loop with coroutines was destroyed within another loop: close() it outside");
    close();
}

void loop::close() {
    if (scheduler_ && detail::the_scheduler == scheduler_.get())
        throw usage_error("loop::close(): the loop runs: let run() return first");
    if (scheduler_ && scheduler_->live() != 0) {
        const running here(*this);
        scheduler_->root().cancel(cancel_origin(cancel_reason::loop_ends, nullptr, 0));
        drain();
    }
    scheduler_.reset();
}

loop& loop::current() {
    loop* const running = detail::scheduler_for("loop::current()").facade;
    if (running == nullptr) detail::refuse_without_loop("loop::current()");
    return *running;
}

detail::scheduler& loop::own(const char* attempt) const {
    detail::scheduler& s = scheduler();
    if (detail::the_scheduler != &s && s.runs())
        throw usage_error(std::string(attempt) +
                          ": another thread runs this loop: post() a function that does it");
    return s;
}

/// Whoever waits for its descriptor has to call `run_ready`.
void loop::wake_if_idle() const noexcept {
    if (detail::the_scheduler != scheduler_.get()) scheduler_->world().wake();
}

void loop::stop(std::source_location at) {
    detail::scheduler& s = own("loop::stop()");
    const detail::scheduler_visit within(s);
    s.root().cancel(cancel_origin(cancel_reason::stopped, detail::place_of(at), 0));
}

bool loop::run_ready() {
    const running here(*this);
    return scheduler().step();
}

int loop::fd() {
    return own("loop::fd()").world().descriptor();
}

clock::time_point loop::next_deadline() const {
    return own("loop::next_deadline()").next_deadline();
}

detail::scheduler& loop::scheduler() const {
    if (!scheduler_) throw usage_error("loop: it is closed: make another one, or close it later");
    return *scheduler_;
}

clock::time_point loop::time() const {
    return scheduler().world().now();
}
loop_statistics loop::statistics() const {
    return {scheduler().live(), scheduler().spawned(), scheduler().timers().size()};
}

loop::running::running(loop& l) : here_(l.scheduler()) {}
loop::running::~running() = default;

void loop::drive(detail::control_block& root) {
    detail::scheduler& s = scheduler();
    if (!s.run_until_ended(root)) {
        const std::string waits = detail::describe_waits(s);
        s.root().cancel(cancel_origin(cancel_reason::deadlock, nullptr, 0));
        drain();
        throw deadlock("run(): nothing can ever run again; these wait:" + waits);
    }
    s.root().cancel(cancel_origin(cancel_reason::loop_ends, nullptr, 0));
    drain();
}

/// Until nothing lives. What was shielded and waits for ever is cancelled too.
void loop::drain() {
    detail::scheduler& s = scheduler();
    // One that catches that may shield itself again.
    constexpr int rounds_max = 1000;
    for (int round = 0; !s.run_until_empty(); ++round) {
        WEFT_CHECK(round < rounds_max,
                   "coroutines are left at the end of run() that nothing can ever wake");
        s.root().cancel_everything(cancel_origin(cancel_reason::deadlock, nullptr, 0));
    }
    s.root().renew();
    // Its descriptor may be watched between this run and the next turn.
    s.world().prepare(s.next_deadline());
}

void loop::rethrow(detail::control_block& root) {
    using detail::block_state;
    if (root.state == block_state::cancelled)
        throw child_cancelled("run(): its coroutine was " + root.extra->origin.text());
    root.flags |= detail::block_flag::observed;
    detail::remember_trace(root.extra->error, root.extra->trace);
    std::rethrow_exception(root.extra->error);
}

}  // namespace weft
