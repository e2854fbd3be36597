#include "weft/io/offload_pool.hpp"

#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <csignal>
#include <pthread.h>
#include <string>
#include <system_error>
#include <utility>

namespace weft::detail {
namespace {

std::size_t threads_for(const options& how) noexcept {
    if (how.offload_threads() != 0) return how.offload_threads();
    constexpr std::size_t most = 32;
    return std::min(most, std::size_t{std::thread::hardware_concurrency()} + 4);
}

/// Begun with all signals blocked, which a thread inherits.
std::thread start_thread(std::shared_ptr<offload_pool> pool, void* worker) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto restore = [&before] { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); };
    try {
        std::thread begun([pool = std::move(pool), worker] { pool->work(worker); });
        restore();
        ::pthread_setname_np(begun.native_handle(), "weft-offload");
        return begun;
    } catch (...) {
        restore();
        throw;
    }
}

}  // namespace

offload_pool::starter offload_pool::start = &start_thread;

offload_pool::offload_pool(const options& how)
    : threads_max_(threads_for(how)),
      queue_max_(how.offload_queue()),
      idle_max_(how.offload_idle()) {
    figures_.threads_max = threads_max_;
}

offload_pool& offload_pool::of(scheduler& home) {
    if (home.offload_pool == nullptr) {
        const auto made = std::make_shared<offload_pool>(home.how());
        // The threads share the pool; what the loop has closes it.
        home.offload_pool =
            std::shared_ptr<void>(made.get(), [made](void*) noexcept { made->close(); });
    }
    return *static_cast<offload_pool*>(home.offload_pool.get());
}

void offload_pool::push(offload_job& job) noexcept {
    job.queued_ = true;
    job.next_ = nullptr;
    job.prev_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &job;
    last_ = &job;
    ++figures_.queued;
}

void offload_pool::remove(offload_job& job) noexcept {
    job.queued_ = false;
    (job.prev_ != nullptr ? job.prev_->next_ : first_) = job.next_;
    (job.next_ != nullptr ? job.next_->prev_ : last_) = job.prev_;
    --figures_.queued;
}

void offload_pool::submit(offload_job& job) {
    std::list<worker> ended;
    {
        const std::lock_guard lock(mutex_);
        ended = take_ended();
        const bool all_busy = figures_.queued >= figures_.idle;
        const bool may_start = figures_.threads < threads_max_;
        if (all_busy && !may_start && figures_.queued - figures_.idle >= queue_max_)
            throw std::system_error(
                EAGAIN, std::generic_category(),
                "offload(): " + std::to_string(figures_.queued) +
                    " calls wait for a thread already (options::offload_queue): try it again "
                    "later, or allow more");
        push(job);
        try {
            if (all_busy && may_start) start_worker();
        } catch (const std::system_error& e) {
            if (figures_.threads == 0) {
                remove(job);
                throw std::system_error(e.code(), "offload(): starting its first thread");
            }
        }
    }
    work_.notify_one();
    join(ended);
}

void offload_pool::start_worker() {
    worker& w = workers_.emplace_back();
    try {
        w.thread = start(shared_from_this(), &w);
    } catch (...) {
        workers_.pop_back();
        throw;
    }
    ++figures_.threads;
    ++figures_.started;
}

void offload_pool::work(void* mine) noexcept {
    worker& self = *static_cast<worker*>(mine);
    std::unique_lock lock(mutex_);
    for (;;) {
        ++figures_.idle;
        const bool has_work =
            work_.wait_for(lock, idle_max_, [this] { return first_ != nullptr || closed_; });
        --figures_.idle;
        if (!has_work || first_ == nullptr) break;
        offload_job& job = *first_;
        remove(job);
        self.job = &job;
        lock.unlock();
        job.run();
        lock.lock();
        self.job = nullptr;
        self.abandoned = false;
        ++figures_.completed;
    }
    --figures_.threads;
    self.ended = true;
}

bool offload_pool::take_back(offload_job& job) noexcept {
    const std::lock_guard lock(mutex_);
    if (!job.queued_) return false;
    remove(job);
    return true;
}

void offload_pool::abandon(const offload_job& job) noexcept {
    const std::lock_guard lock(mutex_);
    ++figures_.abandoned;
    for (worker& w : workers_)
        if (w.job == &job) w.abandoned = true;
}

std::list<offload_pool::worker> offload_pool::take_ended() noexcept {
    std::list<worker> ended;
    for (auto w = workers_.begin(); w != workers_.end();) {
        const auto next = std::next(w);
        if (w->ended) ended.splice(ended.end(), workers_, w);
        w = next;
    }
    return ended;
}

void offload_pool::join(std::list<worker>& ended) noexcept {
    for (worker& w : ended) w.thread.join();
}

void offload_pool::close() noexcept {
    std::list<worker> ending;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        for (auto w = workers_.begin(); w != workers_.end();) {
            const auto next = std::next(w);
            if (w->abandoned)
                w->thread.detach();
            else
                ending.splice(ending.end(), workers_, w);
            w = next;
        }
    }
    work_.notify_all();
    join(ending);
}

offload_pool_statistics offload_pool::statistics() const {
    const std::lock_guard lock(mutex_);
    return figures_;
}

}  // namespace weft::detail
