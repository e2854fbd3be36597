#include "weft/io/driver_uring.hpp"

#include "weft/base/check.hpp"
#include "weft/io/attempt.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace weft {

using detail::direction;
using detail::operation_queue;
using detail::uring_completion;

namespace {

/// The `result` of an operation that has none yet says how far it is: `stage_base`, and
/// these.
enum stage : std::int64_t {
    in_kernel_stage = 1,  ///< the kernel has it
    by_poll = 2,          ///< it tells when to try, and performs nothing
    asked_back = 4,       ///< it was asked to give it back
    orphaned = 8,         ///< its descriptor is closed: it is in `orphans_`
    stages_end = 16,
};
constexpr std::int64_t stage_base = INT64_MIN;

bool has_result(const operation& op) noexcept {
    return op.result >= stage_base + stages_end;
}
bool is(const operation& op, stage s) noexcept {
    return ((op.result - stage_base) & s) != 0;
}
void set(operation& op, stage s) noexcept {
    op.result = stage_base + ((op.result - stage_base) | s);
}
void clear(operation& op, stage s) noexcept {
    op.result = stage_base + ((op.result - stage_base) & ~static_cast<std::int64_t>(s));
}

std::uint64_t tag_of(const operation& op) noexcept {
    return reinterpret_cast<std::uintptr_t>(&op);
}

}  // namespace

driver_uring::driver_uring(unsigned entries, bool may_be_exclusive)
    : entries_(entries),
      may_be_exclusive_(may_be_exclusive),
      ring_(std::make_unique<detail::uring_ring>(entries, may_be_exclusive)) {}

driver_uring::~driver_uring() {
    WEFT_CHECK(is_forked() || (waiting_count_ == 0 && !has_results()),
               "a driver is destroyed while operations are pending: cancel them and park until "
               "they are complete");
}

const char* driver_uring::name() const noexcept {
    return "io_uring";
}

submission driver_uring::submit(operation& op) noexcept {
    WEFT_DCHECK(!op.pending, "an operation is submitted while it is pending");
    const auto done = [&](std::int64_t result) {
        op.result = result;
        return submission::done;
    };
    if (is_forked()) return done(-EBADF);
    const direction way = detail::direction_of(op.code);
    entry* e = table_.find(op.descriptor);
    const bool is_adopted = e != nullptr && e->is_adopted;
    const bool is_known_empty = is_adopted && e->is_drained && op.short_is_empty && op.size != 0;
    if (!is_known_empty && !(is_adopted && !e->queue(way).empty())) {
        const std::int64_t result = attempt_on(e, op);
        if (result != -EAGAIN) return done(result);
        e = table_.obtain(op.descriptor);
        if (e == nullptr) return done(-ENOMEM);
    }
    op.pending = true;
    op.cancelling = false;
    op.result = stage_base;
    e->queue(way).push_back(op);
    ++waiting_count_;
    is_due(op.descriptor, *e);
    return submission::pending;
}

/// `e` may be null.
std::int64_t driver_uring::attempt_on(entry* e, const operation& op) noexcept {
    return noted(e, op, detail::attempt(op));
}

/// What `op` came to, by whomever: what the driver is to know of it.
std::int64_t driver_uring::noted(entry* e, const operation& op, std::int64_t result) noexcept {
    if (op.short_is_empty && e != nullptr && result != -EAGAIN)
        e->is_drained = result > 0 && result < static_cast<std::int64_t>(op.size);
    if (op.code != operation_code::accept || result < 0) return result;
    return own_accepted(static_cast<int>(result));
}

int driver_uring::own(int fd) noexcept {
    if (is_forked()) return -EBADF;
    entry* const e = table_.obtain(fd);
    if (e == nullptr) return -ENOMEM;
    fail_all(*e);
    e->is_adopted = true;
    return 0;
}

void driver_uring::cancel(operation& op) noexcept {
    if (!op.pending || is_forked()) return;
    op.cancelling = true;
    if (has_result(op) || is(op, orphaned)) return;
    // An entry does not move, and has one queue for this operation.
    entry& e = *table_.find(op.descriptor);
    if (is(op, in_kernel_stage)) return is_due(op.descriptor, e);
    e.queue(detail::direction_of(op.code)).remove(op);
    finish(op, -ECANCELED);
}

/// `op` is in no queue.
void driver_uring::finish(operation& op, std::int64_t result) noexcept {
    --waiting_count_;
    op.result = result;
    finished_.push_back(op);
}

// --- what the kernel is told

void driver_uring::is_due(int fd, entry& e) noexcept {
    if (e.is_due) return;
    e.is_due = true;
    e.next_due = -1;
    if (due_last_ >= 0)
        table_.find(due_last_)->next_due = fd;
    else
        due_first_ = fd;
    due_last_ = fd;
}

/// Prepares requests for all that has come up. What finds no room is left for the next time.
void driver_uring::tell_all() noexcept {
    if (!orphans_.empty() && !ask_back_orphans()) return;
    while (due_first_ >= 0) {
        entry& e = *table_.find(due_first_);
        if (!tell(e)) return;
        e.is_due = false;
        due_first_ = e.next_due;
    }
    due_last_ = -1;
}

/// Those that the kernel has are in front of those that it has not.
bool driver_uring::tell(entry& e) noexcept {
    for (const operation_queue& queue : e.waiting) {
        for (operation* op = queue.front(); op != nullptr; op = op->next) {
            if (is(*op, in_kernel_stage)) {
                if (op->cancelling && !ask_back(*op)) return false;
                continue;
            }
            const bool is_next = op == queue.front() || !e.is_adopted;
            if (!is_next) break;
            if (!give(e, *op)) return false;
        }
    }
    return true;
}

bool driver_uring::give(const entry& e, operation& op) noexcept {
    const bool waits_for_file = is_of_file(op.code);
    const bool polls = !waits_for_file &&
                       (!e.is_adopted || is(op, by_poll) || !detail::uring_ring::performs(op.code));
    const bool is_given =
        polls ? ring_->poll(op.descriptor, detail::direction_of(op.code), tag_of(op))
              : ring_->perform(op, tag_of(op));
    if (!is_given) return false;
    if (polls) set(op, by_poll);
    set(op, in_kernel_stage);
    ++in_kernel_;
    ++stats_.requests;
    return true;
}

bool driver_uring::ask_back(operation& op) noexcept {
    if (is(op, asked_back)) return true;
    if (!ring_->cancel(tag_of(op), unheeded_tag)) return false;
    set(op, asked_back);
    ++stats_.cancels;
    return true;
}

bool driver_uring::ask_back_orphans() noexcept {
    for (operation* op = orphans_.front(); op != nullptr; op = op->next)
        if (!ask_back(*op)) return false;
    return true;
}

/// Until the kernel has nothing. All of it is due again.
void driver_uring::recall_all() noexcept {
    if (in_kernel_ == 0) return;
    while (!ring_->cancel_all(unheeded_tag)) take_completions();
    while (in_kernel_ != 0) {
        wait(clock::duration(-1));
        take_completions();
    }
}

/// The kernel has nothing any more.
void driver_uring::take_back_all() noexcept {
    in_kernel_ = 0;
    for (int fd = 0; fd < table_.end(); ++fd) {
        entry* const e = table_.find(fd);
        if (e == nullptr) continue;
        for (operation_queue& queue : e->waiting) {
            operation* next = queue.front();
            while (next != nullptr) {
                operation& op = *std::exchange(next, next->next);
                clear(op, in_kernel_stage);
                clear(op, asked_back);
                if (!op.cancelling) continue;
                queue.remove(op);
                finish(op, -ECANCELED);
            }
            if (!queue.empty()) is_due(fd, *e);
        }
    }
    while (!orphans_.empty()) orphan_over(*orphans_.front(), -ECANCELED);
}

/// Takes all from the entry, whose file is closed: what the kernel has becomes an orphan.
void driver_uring::orphan(entry& e, operation_queue& not_in_kernel) noexcept {
    for (operation_queue& queue : e.waiting) {
        while (!queue.empty()) {
            operation& op = queue.pop_front();
            if (is(op, in_kernel_stage)) {
                set(op, orphaned);
                orphans_.push_back(op);
            } else {
                --waiting_count_;
                not_in_kernel.push_back(op);
            }
        }
    }
    table_.retire(e);
}

void driver_uring::fail_all(entry& e) noexcept {
    operation_queue failed;
    orphan(e, failed);
    while (!failed.empty()) {
        operation& op = failed.pop_front();
        op.result = -EBADF;
        finished_.push_back(op);
    }
}

/// Until the kernel has given all of them back: it owns none of their memory then.
void driver_uring::await_orphans() noexcept {
    while (!orphans_.empty()) {
        static_cast<void>(ask_back_orphans());
        wait(clock::duration(-1));
        take_completions();
    }
}

// --- what the kernel says

void driver_uring::take_completions() noexcept {
    // Not for ever: others may be fast, and results wait to be reported.
    constexpr int rounds_max = 64;
    std::array<uring_completion, 64> batch;
    for (int round = 0; round < rounds_max; ++round) {
        const std::size_t count = ring_->take(batch);
        if (count == 0) return;
        stats_.completions += count;
        for (std::size_t i = 0; i < count; ++i) taken(batch[i]);
    }
}

void driver_uring::taken(const uring_completion& one) noexcept {
    switch (one.tag) {
        case wake_tag: wake_is_watched_ = wake_is_watched_ && !one.is_last; return;
        case alarm_tag: alarm_is_watched_ = alarm_is_watched_ && !one.is_last; return;
        case answer_tag: answer_ = one.result; return;
        case unheeded_tag: return;
        default: break;
    }
    operation& op = *reinterpret_cast<operation*>(static_cast<std::uintptr_t>(one.tag));
    --in_kernel_;
    clear(op, in_kernel_stage);
    clear(op, asked_back);
    if (is(op, orphaned))
        orphan_over(op, one.result);
    else
        over(op, one.result);
}

/// The kernel is done with `op`, whose descriptor is closed.
void driver_uring::orphan_over(operation& op, std::int64_t result) noexcept {
    orphans_.remove(op);
    const bool is_performed =
        !is(op, by_poll) && result != -ECANCELED && result != -EAGAIN && result != -EINTR;
    if (is_performed) return finish(op, noted(nullptr, op, result));
    --waiting_count_;
    closed_.push_back(op);
}

/// The kernel is done with `op`, the first of its queue or of a descriptor that is not adopted.
void driver_uring::over(operation& op, std::int64_t result) noexcept {
    entry& e = *table_.find(op.descriptor);
    const direction way = detail::direction_of(op.code);
    const bool polled = is(op, by_poll);
    if (polled && result >= 0) {
        const bool is_all =
            op.code == operation_code::readable || op.code == operation_code::writable;
        result = is_all ? 0 : op.cancelling ? -ECANCELED : attempt_on(&e, op);
    } else if (polled && result == -EOPNOTSUPP) {
        result = -EWOULDBLOCK;  // a file that would block and cannot be waited for
        e.queue(way).remove(op);
        return finish(op, result);
    } else if (is_of_file(op.code) && result == -EAGAIN) {
        e.queue(way).remove(op);  // of a file that somebody has made non-blocking
        return finish(op, result);
    } else if (!polled && !is_of_file(op.code) && (result == -EAGAIN || result == -EOPNOTSUPP)) {
        set(op, by_poll);  // of files that the kernel cannot perform it on by itself
        result = -EAGAIN;
    } else if (!polled) {
        result = noted(&e, op, result);
    }
    // Nobody asked for a cancellation: the thread it was given by has ended.
    if (result == -ECANCELED && !op.cancelling) result = -EAGAIN;
    if (result == -EAGAIN || result == -EINTR) {
        if (!op.cancelling) return is_due(op.descriptor, e);
        result = -ECANCELED;
    }
    e.queue(way).remove(op);
    const int fd = op.descriptor;
    finish(op, result);
    if (e.is_adopted) advance(fd, e, way);
}

/// Attempts those that come next.
void driver_uring::advance(int fd, entry& e, direction way) noexcept {
    operation_queue& queue = e.queue(way);
    while (!queue.empty() && !is(*queue.front(), in_kernel_stage)) {
        const std::int64_t result = attempt_on(&e, *queue.front());
        if (result == -EAGAIN) return is_due(fd, e);
        finish(queue.pop_front(), result);
    }
}

void driver_uring::report() noexcept {
    // Only those that are here now: what completions cancel is for the next park.
    operation_queue batch(std::move(finished_));
    while (!closed_.empty()) closed_.pop_front().complete(-EBADF);
    while (!batch.empty()) {
        operation& op = batch.pop_front();
        op.complete(op.result);
    }
}

// --- descriptors

int driver_uring::adopt(int fd) noexcept {
    if (is_forked()) return -EBADF;
    if (const int error = make_non_blocking(fd); error != 0) return error;
    entry* const e = table_.obtain(fd);
    if (e == nullptr) return -ENOMEM;
    if (!is_still_file_of(fd, *e)) fail_all(*e);
    e->is_adopted = true;
    return 0;
}

/// Whether those that wait do so for the file which has this number now. The kernel tells by which
/// requests it gives back: they are given to it again.
bool driver_uring::is_still_file_of(int fd, const entry& e) noexcept {
    const auto has_one = [](const operation_queue& queue) {
        return !queue.empty() && is(*queue.front(), in_kernel_stage);
    };
    if (!std::ranges::any_of(e.waiting, has_one)) return true;
    bind();
    constexpr std::int64_t none_yet = INT64_MIN;
    answer_ = none_yet;
    while (!ring_->cancel_all_of(fd, answer_tag)) take_completions();
    while (answer_ == none_yet) {
        wait(clock::duration(-1));
        take_completions();
    }
    return answer_ != 0 && answer_ != -ENOENT;
}

int driver_uring::close(int fd) noexcept {
    operation_queue failed;
    entry* const e = is_forked() ? nullptr : table_.find(fd);
    if (e != nullptr) {
        orphan(*e, failed);
        // Before it is closed: the kernel holds the file as long as it performs something on it.
        if (!orphans_.empty()) {
            bind();
            await_orphans();
        }
    }
    // Not repeated after EINTR: Linux has closed it then.
    const int result = ::close(fd) == 0 || errno == EINTR ? 0 : -errno;
    while (!closed_.empty()) closed_.pop_front().complete(-EBADF);
    while (!failed.empty()) failed.pop_front().complete(-EBADF);
    return result;
}

driver_uring_stats driver_uring::stats() const noexcept {
    driver_uring_stats all = stats_;
    all.wake_writes = wake_.writes();
    return all;
}

}  // namespace weft
