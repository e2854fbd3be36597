#include "weft/core/stopping.hpp"

#include "weft/base/unhandled.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/loop_group.hpp"
#include "weft/core/scheduler.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

namespace weft {
namespace {

std::string name_of(int signal) {
    switch (signal) {
        case SIGINT: return "SIGINT";
        case SIGTERM: return "SIGTERM";
        default: return "signal " + std::to_string(signal);
    }
}

}  // namespace

interrupted::interrupted(int signal)
    : std::runtime_error("run(): interrupted by " + name_of(signal) +
                         ": its coroutines were cancelled and have ended"),
      signal_(signal) {}
interrupted::~interrupted() = default;

namespace detail {

void stop_watch::leave() noexcept {
    if (in_ != nullptr) in_->remove(*this);
}

void stop_watches::push_back(stop_watch& w) noexcept {
    w.in_ = this;
    w.prev_ = last_;
    w.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &w;
    last_ = &w;
}

void stop_watches::remove(stop_watch& w) noexcept {
    (w.prev_ != nullptr ? w.prev_->next_ : first_) = w.next_;
    (w.next_ != nullptr ? w.next_->prev_ : last_) = w.prev_;
    w.in_ = nullptr;
}

void stop_watches::tell() noexcept {
    while (first_ != nullptr) {
        stop_watch& w = *first_;
        remove(w);
        w.told_(w);
    }
}

void watch_stop(stop_watch& w) noexcept {
    stop_state& stops = this_scheduler().stops();
    stops.watches.push_back(w);
    if (stops.stopping) stops.watches.tell();
}

struct stopping_calls {
    static void no_more(stopping_waiter& w) noexcept {
        if (std::exchange(w.counts_, false)) --w.home_->foreign_waits;
    }
};

const wait_kind stopping_kind{
    "the loop to stop",
    [](waiter& w) noexcept {
        auto& self = static_cast<stopping_waiter&>(w);
        self.leave();
        stopping_calls::no_more(self);
        this_scheduler().abandon(*self.block);
    },
};

stopping_waiter::stopping_waiter() noexcept
    : waiter(stopping_kind), stop_watch([](stop_watch& w) noexcept {
          auto& self = static_cast<stopping_waiter&>(w);
          stopping_calls::no_more(self);
          self.home_->wake(*self.block);
      }) {}

void stopping_waiter::enlist(scheduler& home) noexcept {
    home_ = &home;
    counts_ = home.stops().by_signals;
    if (counts_) ++home.foreign_waits;
    home.stops().watches.push_back(*this);
}

// --- the part of the scheduler that ends it

void scheduler::stop_all(const cancel_origin& origin) {
    if (group != nullptr)
        group->tell_others(
            *this, [](scheduler& to, const cancel_origin& o) { to.stop(o); }, origin);
    stop(origin);
}

void scheduler::stop(const cancel_origin& origin) {
    if (stops_.ends) return;
    const bool again = std::exchange(stops_.stopping, true);
    stops_.origin = origin;
    if (!again) {
        if (how_.drain() > clock::duration::zero())
            stops_.drained_at = saturating_add(driver_->now(), how_.drain());
        stops_.watches.tell();
    }
    if (again || stops_.drained_at == clock::never) end(origin);
}

void scheduler::end(const cancel_origin& origin) noexcept {
    // Cleanup under a shield is cancelled when the grace is over; it gets a moment to end by that.
    constexpr auto moment = std::chrono::milliseconds(100);
    stops_.ends = true;
    stops_.drained_at = clock::never;
    if (!stops_.reported && stops_.report_at == clock::never)
        stops_.report_at =
            saturating_add(saturating_add(driver_->now(), how_.grace()), clock::duration(moment));
    root_.cancel(origin);
}

void scheduler::stop_is_due() noexcept {
    now_ = driver_->now();
    if (stops_.drained_at <= now_) end(stops_.origin);
    if (stops_.report_at > now_) return;
    stops_.report_at = clock::never;
    stops_.reported = true;
    if (live_ > 0) report_held_up(*this);
}

void scheduler::renew() noexcept {
    root_.renew();
    stops_.reset();
}

void report_held_up(scheduler& home) noexcept {
    try {
        const std::string text = "shutdown held up by:" + describe_waits(home, waits_text::times);
        if (home.how().on_held_up())
            home.how().on_held_up()(text);
        else
            std::fprintf(stderr, "weft: %s\n", text.c_str());
    } catch (...) {
        report_unhandled(std::current_exception(), "reporting what holds a shutdown up");
    }
}

}  // namespace detail
}  // namespace weft
