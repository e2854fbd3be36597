#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/options.hpp"
#include "weft/core/remote_loop.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <latch>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

/// Several loops that run together, each on a thread of its own.
namespace weft {
class loop;
}  // namespace weft
namespace weft::detail {

class scheduler;

/// Remotes of loops that do not keep them from calling themselves deadlocked; copies do.
class WEFT_EXPORT loop_remotes {
public:
    explicit loop_remotes(const std::vector<std::shared_ptr<inbox>>& mails);
    loop_remotes(const loop_remotes&) = delete;
    loop_remotes& operator=(const loop_remotes&) = delete;
    ~loop_remotes();
    [[nodiscard]] std::span<const remote_loop> all() const noexcept { return remotes_; }

private:
    std::vector<remote_loop> remotes_;
};

/// The loops of one `run`.
///
/// Rules:
/// 1. The first belongs to the thread of `run`, each other one to a thread that lives as long as
///    the group: made, run and destroyed there. A thread that could not be started, or a loop that
///    could not be made, is an error of the constructor, which leaves nothing behind.
/// 2. The group ends when the coroutine of `run` has: all loops are cancelled, and each runs until
///    no coroutine lives on any of them and no letter is on its way (so cleanup may use another).
/// 3. A loop is idle when nothing on it can ever run unless somebody posts: nothing is ready, there
///    is no timer, no operation, no wait for another thread, and nobody from outside holds it. It
///    says so before it parks and takes it back before it looks at its mail. When all are idle and
///    all inboxes are empty, and nobody took it back meanwhile (`moves_`), nothing can ever run
///    again. Whoever finds that wakes the first loop, which finds it too and acts: it calls it a
///    deadlock, or the end.
class WEFT_EXPORT loop_group {
public:
    /// Starts the other threads. REQUIRES: it is destroyed before `first`.
    loop_group(loop& first, const options& how, bool by_signals);
    loop_group(const loop_group&) = delete;
    loop_group& operator=(const loop_group&) = delete;
    ~loop_group();

    [[nodiscard]] std::span<const remote_loop> remotes() const noexcept { return remotes_->all(); }

    // --- by the loops, each on its thread

    /// Nothing can ever run again on any of them. Of the first loop only; others get false.
    [[nodiscard]] bool all_idle(scheduler& s) noexcept;
    void not_idle(scheduler& s) noexcept;
    /// Calls `f` on the threads of all others, soon.
    void tell_others(const scheduler& from, void (*f)(scheduler&, const cancel_origin&),
                     const cancel_origin& origin);
    [[nodiscard]] bool is_ending() const noexcept { return ending_.load(); }
    /// Until all is over; not for the first.
    void run_others();

    // --- by the first loop

    /// The coroutine of `run` has ended: runs the loops until all is over.
    void finish(const cancel_origin& origin);
    /// What the others wait for. REQUIRES: all are idle.
    [[nodiscard]] std::string describe_others();

    /// Starts a thread for a loop. Replaced by tests.
    using starter = std::thread (*)(std::function<void()> body);
    static starter start;

private:
    struct member {
        scheduler* home = nullptr;
        std::shared_ptr<inbox> mail;
        std::atomic<std::size_t> live = 0;  // when it went idle
        bool is_idle = false;               // its thread's
        std::exception_ptr failed;
        std::thread thread;
    };

    void work(std::size_t index, const options& how, const options& own,
              std::latch& begun) noexcept;
    void end_threads() noexcept;
    [[nodiscard]] bool nothing_lives() const noexcept;

    std::vector<member> members_;
    std::unique_ptr<loop_remotes> remotes_;
    std::latch may_run_{1};
    std::atomic<std::size_t> idle_ = 0;
    std::atomic<std::uint64_t> moves_ = 0;
    std::atomic<bool> ending_ = false;
    std::atomic<bool> over_ = false;
    bool by_signals_ = false;
};

/// Gives the calling thread a name, or a processor, and takes them back.
class WEFT_EXPORT thread_dress {
public:
    thread_dress(const options& how, std::size_t index);
    thread_dress(const thread_dress&) = delete;
    thread_dress& operator=(const thread_dress&) = delete;
    ~thread_dress();

private:
    struct before;
    std::unique_ptr<before> before_;
};

}  // namespace weft::detail
