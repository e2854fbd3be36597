#include "weft/pipeline/crossing_wait.hpp"

#include "weft/core/await.hpp"
#include "weft/core/cancel_node.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weft::detail {
namespace {

long membarrier(int command) noexcept {
    return ::syscall(SYS_membarrier, command, 0u, 0);
}

void give_up_crossing(waiter& w) noexcept;
constexpr wait_kind crossing_kind{"threaded", &give_up_crossing};

/// Null: whoever runs cannot suspend, so the thread waits.
fiber_record* running_fiber() noexcept {
    scheduler* const home = the_scheduler;
    control_block* const b = home != nullptr ? home->current() : nullptr;
    if (b == nullptr || b->kind != block_kind::fiber) return nullptr;
    auto* const frame = static_cast<fiber_record*>(b->leaf.address());
    return frame->resume == &fiber_record::resume_frame ? frame : nullptr;
}

}  // namespace

std::atomic<bool> crossing_wait::fences_needed =
    membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0;

class crossing_waiter : public awaiter<crossing_waiter, remote_waiter> {
public:
    crossing_waiter(crossing_wait& at, crossing_condition condition) noexcept
        : awaiter(crossing_kind), is(condition), at_(at) {}

    [[nodiscard]] bool try_now() const noexcept { return is(); }
    void start() noexcept {
        begin(this_scheduler());
        if (!at_.park(*this)) wake();
    }
    void finish() const noexcept {}  // What was waited for has come; the next await raises.
    [[nodiscard]] bool give_up() noexcept { return at_.give_up(*this); }
    void block() noexcept {
        if (at_.park(*this)) block_thread();
    }

    const crossing_condition is;

private:
    crossing_wait& at_;
};

namespace {

void give_up_crossing(waiter& w) noexcept {
    auto& self = static_cast<crossing_waiter&>(w);
    if (self.give_up()) self.abandon();
}

}  // namespace

bool crossing_wait::park(crossing_waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    waits_.store(true, std::memory_order_seq_cst);
    // A child of fork, say, has to register again.
    if (!fences_needed.load(std::memory_order_relaxed) &&
        membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
        (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0 ||
         membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0))
        fences_needed.store(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (w.is()) {
        waits_.store(false, std::memory_order_relaxed);
        return false;
    }
    waiting_.push_back(w);
    return true;
}

bool crossing_wait::give_up(crossing_waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (!w.linked()) return false;
    waiting_.remove(w);
    waits_.store(false, std::memory_order_relaxed);
    return true;
}

void crossing_wait::wake() noexcept {
    remote_waiter* woken = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) return;
        if (!static_cast<crossing_waiter&>(waiting_.front()).is()) return;
        woken = &waiting_.pop_front();
        waits_.store(false, std::memory_order_relaxed);
    }
    woken->wake();
}

void crossing_wait::wait(crossing_condition is) {
    crossing_waiter w(*this, is);
    if (fiber_record* const self = running_fiber(); self != nullptr)
        await_in(*self, w);
    else
        w.block();
}

void crossing_wait::wait_shielded(crossing_condition is) {
    fiber_record* const self = running_fiber();
    if (self == nullptr) return wait(is);
    cancel_node shield(this_scheduler(), *self->block, cancel_node::shielding::shielded);
    crossing_waiter w(*this, is);
    await_in(*self, w);
}

}  // namespace weft::detail
