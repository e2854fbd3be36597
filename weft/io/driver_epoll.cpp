#include "weft/io/driver_epoll.hpp"

#include "weft/base/check.hpp"
#include "weft/io/attempt.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <unistd.h>
#include <utility>

namespace weft {

using detail::direction;
using detail::epoll_set;
using detail::operation_queue;

namespace {

constexpr std::uint32_t input_events = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t output_events = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t strange_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

}  // namespace

driver_epoll::driver_epoll() {
    set_.watch_wake(wake_.descriptor(), wake_tag);
}

driver_epoll::~driver_epoll() {
    WEFT_CHECK(is_forked() || (waiting_count_ == 0 && finished_.empty()),
               "a driver is destroyed while operations are pending: cancel them and park until "
               "they are complete");
}

const char* driver_epoll::name() const noexcept {
    return "epoll";
}

submission driver_epoll::submit(operation& op) noexcept {
    WEFT_DCHECK(!op.pending, "an operation is submitted while it is pending");
    const auto done = [&](std::int64_t result) {
        op.result = result;
        return submission::done;
    };
    if (is_forked()) return done(-EBADF);
    if (is_of_file(op.code)) [[unlikely]]
        return done(detail::attempt(op));
    const direction way = detail::direction_of(op.code);
    entry* e = table_.find(op.descriptor);
    const bool is_known_empty = op.short_is_empty && e != nullptr && e->is_drained && op.size != 0;
    if (!is_known_empty && (e == nullptr || e->queue(way).empty())) {
        const std::int64_t result = attempt_on(e, op);
        if (result != -EAGAIN) return done(result);
        e = table_.obtain(op.descriptor);
        if (e == nullptr) return done(-ENOMEM);
    }
    if (!e->is_watched || !e->is_adopted)
        if (const int error = watch(op.descriptor, *e); error != 0) return done(-error);
    op.pending = true;
    op.cancelling = false;
    op.result = no_result;
    e->queue(way).push_back(op);
    ++waiting_count_;
    return submission::pending;
}

/// `e` may be null.
std::int64_t driver_epoll::attempt_on(entry* e, const operation& op) noexcept {
    const std::int64_t result = detail::attempt(op);
    if (op.short_is_empty && e != nullptr)
        e->is_drained = result > 0 && result < static_cast<std::int64_t>(op.size) &&
                        e->is_watched && !e->is_strange;
    if (op.code == operation_code::accept && result >= 0) [[unlikely]]
        return own_accepted(static_cast<int>(result));
    return result;
}

int driver_epoll::own(int fd) noexcept {
    if (is_forked()) return -EBADF;
    entry* const e = table_.obtain(fd);
    if (e == nullptr) return -ENOMEM;
    fail_all(*e);
    table_.retire(*e);
    e->is_adopted = true;
    return 0;
}

/// Sees to it that the file which has this number now is watched. Returns 0 or an errno.
int driver_epoll::watch(int fd, entry& e) noexcept {
    const bool was_watched = e.is_watched;
    auto answer = set_.watch(fd, table_.tag(fd, e), was_watched);
    ++stats_.watches;
    if (was_watched && answer.is != epoll_set::membership::kept) {
        // The file for which it was watched is closed.
        fail_all(e);
        table_.retire(e);
        if (answer.is == epoll_set::membership::added)
            answer = set_.watch_again(fd, table_.tag(fd, e));  // with the tag of its new life
    }
    e.is_watched = answer.is != epoll_set::membership::refused;
    // A file that would block and cannot be waited for.
    return answer.error == EPERM ? EAGAIN : answer.error;
}

void driver_epoll::cancel(operation& op) noexcept {
    if (!op.pending || is_forked()) return;
    op.cancelling = true;
    if (op.result != no_result) return;
    // An entry does not move, and has one queue for this operation.
    table_.find(op.descriptor)->queue(detail::direction_of(op.code)).remove(op);
    --waiting_count_;
    finish(op, -ECANCELED);
}

/// `op` is in no queue.
void driver_epoll::finish(operation& op, std::int64_t result) noexcept {
    op.result = result;
    finished_.push_back(op);
}

void driver_epoll::attempt_all(entry& e, direction way) noexcept {
    operation_queue& queue = e.queue(way);
    while (!queue.empty()) {
        const std::int64_t result = attempt_on(&e, *queue.front());
        if (result == -EAGAIN) return;
        --waiting_count_;
        finish(queue.pop_front(), result);
    }
}

void driver_epoll::take_all(entry& e, operation_queue& into) noexcept {
    for (operation_queue& queue : e.waiting) {
        while (!queue.empty()) {
            --waiting_count_;
            into.push_back(queue.pop_front());
        }
    }
}

void driver_epoll::fail_all(entry& e) noexcept {
    operation_queue taken;
    take_all(e, taken);
    while (!taken.empty()) finish(taken.pop_front(), -EBADF);
}

void driver_epoll::park(clock::time_point deadline) noexcept {
    if (is_forked()) return park_in_child(deadline);
    const bool is_poll = deadline == clock::time_point::min() || !finished_.empty();
    if (is_poll || !wake_.arm()) {
        wake_.take();
        if (waiting_count_ > 0 || alarm_) gather(clock::duration::zero());
        return report();
    }
    clock::duration timeout(-1);
    if (deadline != clock::never) {
        const clock::time_point time = now();
        timeout = deadline > time ? deadline - time : clock::duration::zero();
    }
    gather(timeout);
    wake_.take();
    report();
}

void driver_epoll::gather(clock::duration timeout) noexcept {
    const std::size_t count = set_.wait(events_, timeout);
    ++stats_.waits;
    stats_.events += count;
    for (const epoll_event& event : std::span(events_).first(count)) {
        const std::uint64_t tag = event.data.u64;
        // What has another generation is of a file that had the number before, and that somebody
        // still holds a duplicate of.
        entry* const e = tag >= alarm_tag ? nullptr : table_.find_tagged(tag);
        if (e == nullptr) continue;
        if ((event.events & strange_events) != 0) e->is_strange = true;
        e->is_drained = false;
        if ((event.events & input_events) != 0) attempt_all(*e, direction::in);
        if ((event.events & output_events) != 0) attempt_all(*e, direction::out);
    }
}

void driver_epoll::report() noexcept {
    // Only those that are here now: what completions cancel is for the next park.
    operation_queue batch(std::move(finished_));
    while (!batch.empty()) {
        operation& op = batch.pop_front();
        op.complete(op.result);
    }
}

int driver_epoll::descriptor() {
    refuse_forked("loop::fd() of a loop");
    if (!alarm_) {
        auto alarm = detail::deadline_alarm::make();
        set_.watch_wake(alarm.descriptor(), alarm_tag);
        // From now on every `park` asks the kernel, so that no event is left to keep the
        // descriptor readable.
        alarm_ = std::move(alarm);
        // Until its first turn nobody knows what there is to do.
        wake_.raise();
    }
    return set_.descriptor();
}

bool driver_epoll::prepare(clock::time_point deadline) noexcept {
    if (is_forked()) return true;
    const bool is_idle = finished_.empty() && deadline > now();
    if (!alarm_) return is_idle && !wake_.is_signalled();
    if (!is_idle || !wake_.arm()) {
        wake_.raise();
        return false;
    }
    alarm_.set(deadline, now());
    return true;
}

int driver_epoll::adopt(int fd) noexcept {
    if (is_forked()) return -EBADF;
    if (const int error = make_non_blocking(fd); error != 0) return error;
    entry* const e = table_.obtain(fd);
    if (e == nullptr) return -ENOMEM;
    if (e->is_watched &&
        set_.watch_again(fd, table_.tag(fd, *e)).is != epoll_set::membership::kept) {
        fail_all(*e);
        table_.retire(*e);
    }
    e->is_adopted = true;
    return 0;
}

int driver_epoll::close(int fd) noexcept {
    operation_queue taken;
    entry* const e = is_forked() ? nullptr : table_.find(fd);
    if (e != nullptr) {
        take_all(*e, taken);
        // Before it is closed: with a duplicate elsewhere it would stay in the set, out of reach.
        if (e->is_watched) set_.forget(fd);
        table_.retire(*e);
    }
    // Not repeated after EINTR: Linux has closed it then.
    const int result = ::close(fd) == 0 || errno == EINTR ? 0 : -errno;
    while (!taken.empty()) taken.pop_front().complete(-EBADF);
    return result;
}

driver_epoll_stats driver_epoll::stats() const noexcept {
    driver_epoll_stats all = stats_;
    all.wake_writes = wake_.writes();
    return all;
}

}  // namespace weft
