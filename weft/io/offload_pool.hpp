#pragma once

#include "weft/base/export.hpp"
#include "weft/core/options.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

/// The threads of `offload`.
namespace weft {

/// Figures of the threads of a loop.
class WEFT_EXPORT offload_pool_statistics {
public:
    offload_pool_statistics() noexcept = default;

    std::size_t threads_max = 0;  ///< `options::offload_threads`
    std::size_t threads = 0;      ///< how many there are
    std::size_t idle = 0;         ///< of these, how many wait for a call
    std::size_t queued = 0;       ///< calls that wait for a thread
    std::uint64_t started = 0;    ///< threads that were ever started
    std::uint64_t completed = 0;  ///< calls that have returned or thrown
    std::uint64_t abandoned = 0;  ///< calls that were given up while they ran
};

namespace detail {

class scheduler;

/// A call for a thread of the pool, in the object that waits for it.
class WEFT_EXPORT offload_job {
public:
    offload_job() noexcept = default;
    offload_job(const offload_job&) = delete;
    offload_job& operator=(const offload_job&) = delete;

    /// On a thread of the pool; the job may be gone when it returns.
    virtual void run() noexcept = 0;

protected:
    ~offload_job() = default;

private:
    friend class offload_pool;
    offload_job* prev_ = nullptr;
    offload_job* next_ = nullptr;
    bool queued_ = false;
};

/// Rules:
/// 1. A pool belongs to a loop, which makes it when it first needs it, and ends with it. Jobs are
///    run in the order of their coming.
/// 2. A thread is started when a job finds none idle and there are less than the most. When the
///    system refuses one, those that there are do it; when there are none, `submit` throws.
/// 3. A thread that has been idle for `options::offload_idle` ends; who submits or closes next
///    joins it. The threads block all signals, so that those of the process go elsewhere.
/// 4. `close` joins all threads but those whose job was abandoned: these end by themselves, and the
///    pool, which they share, with the last.
class WEFT_EXPORT offload_pool : public std::enable_shared_from_this<offload_pool> {
public:
    explicit offload_pool(const options& how);
    offload_pool(const offload_pool&) = delete;
    offload_pool& operator=(const offload_pool&) = delete;
    ~offload_pool() = default;

    /// That of the loop.
    [[nodiscard]] static offload_pool& of(scheduler& home);

    /// Throws `std::system_error`: no thread could be started, or the queue is full (`EAGAIN`).
    void submit(offload_job& job);
    /// Takes it out of the queue; false when a thread has it, or had.
    [[nodiscard]] bool take_back(offload_job& job) noexcept;
    /// `job` runs, and nobody waits for it any more.
    void abandon(const offload_job& job) noexcept;
    void close() noexcept;
    [[nodiscard]] offload_pool_statistics statistics() const;

    /// For tests: how a thread is begun.
    using starter = std::thread (*)(std::shared_ptr<offload_pool> pool, void* worker);
    static starter start;

    /// The body of a thread. For `start`.
    void work(void* worker) noexcept;

private:
    struct worker {
        std::thread thread;
        const offload_job* job = nullptr;
        bool abandoned = false;
        bool ended = false;
    };

    void push(offload_job& job) noexcept;
    void remove(offload_job& job) noexcept;
    void start_worker();
    [[nodiscard]] std::list<worker> take_ended() noexcept;
    static void join(std::list<worker>& ended) noexcept;

    const std::size_t threads_max_;
    const std::size_t queue_max_;
    const std::chrono::nanoseconds idle_max_;

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable work_;
    offload_job* first_ = nullptr;
    offload_job* last_ = nullptr;
    std::list<worker> workers_;
    offload_pool_statistics figures_;
    bool closed_ = false;
};

}  // namespace detail
}  // namespace weft
