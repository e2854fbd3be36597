#include "weft/core/run.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/loop_group.hpp"
#include "weft/core/signal_stop.hpp"
#include "weft/core/stopping.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace weft {

deadlock::~deadlock() = default;

namespace {

bool is_child_cancelled(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const child_cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

loop::loop(options how)
    : scheduler_(std::make_unique<detail::scheduler>(std::move(how))),
      mail_(scheduler_->shared_mail()) {
    scheduler_->facade = this;
    if (scheduler_->how().threads() > 1)
        throw usage_error("loop: it is one thread's: weft::run(options, ...) makes several for "
                          "options::threads(n)");
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
        scheduler_->end(cancel_origin(cancel_reason::loop_ends, nullptr, 0));
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
    s.stop_all(cancel_origin(cancel_reason::stopped, detail::place_of(at), 0));
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
        std::string waits = detail::describe_waits(s);
        if (s.group != nullptr) waits += s.group->describe_others();
        end(cancel_origin(cancel_reason::deadlock, nullptr, 0));
        throw deadlock("run(): nothing can ever run again; these wait:" + waits);
    }
    end(cancel_origin(cancel_reason::loop_ends, nullptr, 0));
}

void loop::end(const cancel_origin& origin) {
    scheduler().end(origin);
    if (scheduler().group != nullptr) scheduler().group->finish(origin);
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
    s.renew();
    // Its descriptor may be watched between this run and the next turn.
    s.world().prepare(s.next_deadline());
}

void loop::run_in_group() {
    const running here(*this);
    scheduler().group->run_others();
}

void loop::rethrow(detail::control_block& root) {
    using detail::block_state;
    const int signal = scheduler().stops().signal;
    if (root.state == block_state::cancelled) {
        if (signal != 0) throw interrupted(signal);
        throw child_cancelled("run(): its coroutine was " + root.extra->origin.text());
    }
    root.flags |= detail::block_flag::observed;
    if (signal != 0 && is_child_cancelled(root.extra->error)) throw interrupted(signal);
    detail::remember_trace(root.extra->error, root.extra->trace);
    std::rethrow_exception(root.extra->error);
}

std::size_t loop::index() const {
    return scheduler().index;
}

std::span<const remote_loop> loops() {
    detail::scheduler& s = detail::scheduler_for("loops()");
    if (s.group != nullptr) return s.group->remotes();
    if (s.remotes_of_one == nullptr)
        s.remotes_of_one = std::make_shared<detail::loop_remotes>(std::vector{s.shared_mail()});
    return s.remotes_of_one->all();
}

namespace detail {
namespace {

void check_options(const options& how) {
    if (the_scheduler != nullptr)
        throw usage_error("run(): a loop runs on this thread already: spawn() or await instead, or "
                          "run the other loop on another thread");
    if (how.threads() > 1 && how.choices() != nullptr)
        throw usage_error("run(): several threads have no order that choices() could decide: leave "
                          "out threads() in a simulated world");
}

}  // namespace

struct run_loops::parts {
    explicit parts(const options& how) : dress(how, 0), first(options(how).threads(1)) {}
    signal_stop signals;
    thread_dress dress;
    loop first;
    std::optional<loop_group> all;
};

run_loops::run_loops(const options& how) {
    check_options(how);
    parts_ = std::make_unique<parts>(how);
    scheduler& home = parts_->first.scheduler();
    if (how.threads() > 1 && home.world().is_virtual())
        throw usage_error("run(): several threads, each with a simulated world, would have as many "
                          "times: leave out threads() there");
    if (how.stop_on_signals()) home.stops().by_signals = parts_->signals.attach(home.shared_mail());
    if (how.threads() > 1) parts_->all.emplace(parts_->first, how, home.stops().by_signals);
}
run_loops::~run_loops() = default;

loop& run_loops::first() noexcept {
    return parts_->first;
}

}  // namespace detail
}  // namespace weft
