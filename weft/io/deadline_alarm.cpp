#include "weft/io/deadline_alarm.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <sys/timerfd.h>

namespace weft::detail {

deadline_alarm deadline_alarm::make() {
    deadline_alarm made;
    made.timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!made) throw_system_error(errno, "creating the timerfd of a loop");
    return made;
}

void deadline_alarm::set(clock::time_point deadline, clock::time_point now) noexcept {
    if (deadline == at_ && (deadline == clock::never || deadline > now)) return;
    at_ = deadline;
    itimerspec when{};
    if (deadline != clock::never) {
        const auto time = std::max(deadline.time_since_epoch(), clock::duration(1));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
        when.it_value.tv_sec = static_cast<time_t>(seconds.count());
        when.it_value.tv_nsec = static_cast<long>((time - seconds).count());
    }
    // It cannot fail: the descriptor is ours, and the time is one.
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace weft::detail
