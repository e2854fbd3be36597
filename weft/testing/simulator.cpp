#include "weft/testing/simulator.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

namespace weft::testing {

using detail::direction;
using detail::direction_of;
using detail::operation_queue;

namespace {

/// For a heap whose first is due next.
constexpr auto later = [](const auto& a, const auto& b) noexcept {
    return a.due != b.due ? a.due > b.due : a.number > b.number;
};

bool moves_nothing(const sim_endpoint& end, const operation& op) noexcept {
    using enum operation_code;
    const bool is_transfer = op.code == read || op.code == write || op.code == receive ||
                             op.code == send || op.code == send_file;
    return is_transfer && op.size == 0 && end.is_stream();
}

}  // namespace

simulator::simulator(oracle* chooses)
    : chance_(chooses),
      network_(std::make_shared<sim_network>(chance_, descriptors_, now_)),
      sockets_(*network_) {
    ::sem_init(&woken_, 0, 0);
}

simulator::~simulator() {
    network_->end();
    WEFT_CHECK(pending_count_ == 0,
               "a simulator is destroyed while operations are pending: cancel them and park until "
               "they are complete");
    ::sem_destroy(&woken_);
}

simulator& simulator::latency(clock::duration min, clock::duration max) noexcept {
    WEFT_CHECK(min >= clock::duration::zero() && min <= max, "a latency ends before it begins");
    latency_min_ = min;
    latency_max_ = max;
    return *this;
}

simulator& simulator::pipe_capacity(std::size_t bytes) noexcept {
    WEFT_CHECK(bytes > 0, "a pipe without room would never pass a byte");
    pipe_capacity_ = bytes;
    return *this;
}

const char* simulator::name() const noexcept {
    return "simulator";
}

simulator& simulator::descriptor_limit(std::size_t most) noexcept {
    descriptors_.limit(most);
    return *this;
}

simulator& simulator::network(const network_options& how) {
    network_->configure(how);
    return *this;
}

void simulator::partition(std::string_view host) {
    network_->partition(host);
}

void simulator::heal(std::string_view host) {
    network_->heal(host);
}

void simulator::heal_all() {
    network_->heal_all();
}

void simulator::reset_all() {
    network_->reset_all();
}

submission simulator::submit(operation& op) noexcept {
    WEFT_DCHECK(!op.pending, "an operation is submitted while it is pending");
    const direction way = direction_of(op.code);
    sim_descriptor* const d = descriptors_.find(op.descriptor);
    const auto done = [&](std::int64_t result) {
        op.result = result;
        return submission::done;
    };
    if (d == nullptr) return done(-EBADF);
    if (const int refusal = d->endpoint->refusal(op); refusal != 0) return done(refusal);
    if (d->queue(way).empty()) {
        // No bytes can be moved at any time.
        if (moves_nothing(*d->endpoint, op)) return done(0);
        if (d->endpoint->can_perform(op) && chance_.choose(choice::completion, 2) == 0) {
            const std::int64_t result = perform(*d, op);
            if (result != -EAGAIN) return done(result);
        }
    }
    op.pending = true;
    op.cancelling = false;
    op.result = no_result;
    d->queue(way).push_back(op);
    ++pending_count_;
    descriptors_.refresh(d);
    return submission::pending;
}

/// REQUIRES: it is possible.
std::int64_t simulator::perform(sim_descriptor& d, operation& op) noexcept {
    return d.endpoint->perform(op, chance_);
}

void simulator::perform_all() noexcept {
    while (const std::size_t count = descriptors_.candidate_count()) {
        const auto [d, way] =
            descriptors_.take_candidate(chance_.choose(choice::completion, count));
        operation& op = *d->queue(way).front();
        const std::int64_t result = perform(*d, op);
        // One that has only begun waits on, the first of its queue.
        if (result != -EAGAIN) {
            d->queue(way).remove(op);
            finish(op, result, next_latency());
        }
        descriptors_.refresh(d);
    }
}

clock::duration simulator::next_latency() noexcept {
    return chance_.between(choice::completion, latency_min_, latency_max_);
}

/// `op` is in no queue.
void simulator::finish(operation& op, std::int64_t result, clock::duration delay) noexcept {
    op.result = result;
    completions_.push_back({saturating_add(now_, delay), ++completions_made_, &op});
    std::push_heap(completions_.begin(), completions_.end(), later);
}

void simulator::complete(operation& op, std::int64_t result) noexcept {
    --pending_count_;
    op.complete(result);
}

void simulator::cancel(operation& op) noexcept {
    if (!op.pending) return;
    op.cancelling = true;
    if (op.result != no_result) return;
    sim_descriptor* const d = descriptors_.find(op.descriptor);
    d->queue(direction_of(op.code)).remove(op);
    descriptors_.refresh(d);
    finish(op, -ECANCELED, clock::duration::zero());
}

bool simulator::is_due() const noexcept {
    return !completions_.empty() && completions_.front().due <= now_;
}

void simulator::park(clock::time_point deadline) noexcept {
    network_->run_due();
    perform_all();
    const bool was_woken = is_woken_.exchange(false);
    if (!is_due() && !was_woken) {
        let_time_pass(deadline);
        network_->run_due();
        perform_all();
    }
    report_due();
}

/// Somebody keeps running: without this, one who polls for what a timer does would do so for ever.
constexpr clock::duration creep = std::chrono::microseconds(1);

void simulator::let_time_pass(clock::time_point deadline) noexcept {
    const clock::time_point first = completions_.empty() ? clock::never : completions_.front().due;
    const clock::time_point next = std::min(first, network_->next());
    const clock::time_point target =
        deadline <= now_ ? std::min(next, now_ + creep) : std::min(next, deadline);
    if (target == clock::never) return wait_for_wake();
    if (real_work_ != 0 && target > now_ + creep && wait_for_wake(target - now_)) return;
    now_ = std::max(now_, target);
}

void simulator::wait_for_wake() noexcept {
    while (!is_woken_.exchange(false)) ::sem_wait(&woken_);
}

bool simulator::wait_for_wake(clock::duration at_most) noexcept {
    constexpr clock::duration longest = std::chrono::hours(24 * 365);
    const auto until = std::chrono::steady_clock::now().time_since_epoch() +
                       std::min<clock::duration>(at_most, longest);
    timespec end{};
    end.tv_sec = static_cast<std::time_t>(until / std::chrono::seconds(1));
    end.tv_nsec = static_cast<long>((until % std::chrono::seconds(1)).count());
    while (!is_woken_.exchange(false))
        if (::sem_clockwait(&woken_, CLOCK_MONOTONIC, &end) != 0 && errno == ETIMEDOUT)
            return is_woken_.exchange(false);
    return true;
}

/// A signal handler may call it: a semaphore may be posted there, a mutex not taken.
void simulator::wake() noexcept {
    if (!is_woken_.exchange(true)) ::sem_post(&woken_);
}

void simulator::report_due() noexcept {
    std::vector<operation*> due;
    while (is_due()) {
        due.push_back(completions_.front().op);
        std::pop_heap(completions_.begin(), completions_.end(), later);
        completions_.pop_back();
    }
    // Only those that are due now: what completions cancel is for the next park.
    for (std::size_t i = 0; i < due.size(); ++i) {
        std::swap(due[i], due[i + chance_.choose(choice::completion, due.size() - i)]);
        complete(*due[i], due[i]->result);
    }
}

bool simulator::is_stuck() const noexcept {
    return descriptors_.candidate_count() == 0 && completions_.empty() &&
           network_->next() == clock::never && !is_woken_.load();
}

std::array<int, 2> simulator::open_pipe() {
    if (!descriptors_.has_room(2)) throw_system_error(EMFILE, "opening a pipe");
    auto [reader, writer] = make_sim_pipe(pipe_capacity_);
    return {descriptors_.open(std::move(reader)), descriptors_.open(std::move(writer))};
}

int simulator::adopt(int descriptor) noexcept {
    return descriptors_.find(descriptor) == nullptr ? -EBADF : 0;
}

int simulator::close(int descriptor) noexcept {
    sim_descriptor* const d = descriptors_.find(descriptor);
    if (d == nullptr) return -EBADF;
    operation_queue waited;
    descriptors_.close(*d, waited);
    while (!waited.empty()) complete(waited.pop_front(), -EBADF);
    return 0;
}

}  // namespace weft::testing
