#include "weft/core/greenlet_block.hpp"

#include "weft/base/check.hpp"
#include "weft/core/fiber_record.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/machine/frame_pool.hpp"

#include <atomic>
#include <memory>
#include <new>
#include <unistd.h>
#include <utility>

namespace weft::detail {
namespace {

/// A thread's own greenlet has no callable.
constexpr greenlet_code root_code{nullptr, [](greenlet_block&) noexcept {}, nullptr, nullptr};

/// Gives up the thread's own greenlet, unless others of the thread are left: their handles are in
/// thread-local or static objects, and in the main thread these still work.
struct thread_end {
    ~thread_end() {
        greenlet_thread& thread = the_greenlet_thread;
        greenlet_block* const root = thread.root;
        if (root == nullptr) return;  // only fibers of the thread had greenlets
        if (root->references > 1 && ::gettid() == ::getpid()) return;
        delete std::exchange(thread.tracer, nullptr);
        thread.id = 0;
        thread.set_unusual(0);
        thread.current = thread.root = nullptr;
        root->phase = greenlet_phase::dead;
        root->drop_handle();
    }
};

std::atomic<std::uint32_t> threads_so_far = 0;

/// The fiber whose stack the caller is on, or null.
fiber_record* running_fiber() noexcept {
    control_block* const b = the_scheduler != nullptr ? the_scheduler->current() : nullptr;
    return b != nullptr && b->leaf.address() == b->body ? fiber_record::of(*b) : nullptr;
}

}  // namespace

constinit thread_local greenlet_thread the_greenlet_thread;

#ifdef __clang__
[[gnu::noinline]] greenlet_thread& this_greenlet_thread() noexcept {
    return the_greenlet_thread;
}
#endif

void greenlet_thread::begin() {
    static thread_local thread_end at_end;
    static_cast<void>(&at_end);
    void* const memory = allocate_frame(sizeof(greenlet_block));
    root = ::new (memory) greenlet_block(root_code, nullptr, 0, 0);
    root->killer = nullptr;
    root->phase = greenlet_phase::started;
    if (fiber_record* const fiber = running_fiber(); fiber != nullptr)
        root->machine.hints = fiber->machine.hints;
    else
        adopt_thread(root->machine);
    id = root->thread = ++threads_so_far;
    set_unusual(tracer != nullptr ? tracing : 0);
    exceptions = &thread_exceptions();
    current = root;
}

void greenlet_thread::put_aside(greenlet_side& mine, context& machine) noexcept {
    if (current != root) std::swap(machine.hints, current->machine.hints);
    mine = {current, root, id, unusual};
    current = root = nullptr;
    id = 0;
    set_unusual(unusual & tracing);
}

void greenlet_thread::take_back(greenlet_side& mine, context& machine) noexcept {
    current = mine.current;
    root = mine.root;
    id = mine.id;
    set_unusual((mine.unusual & ~tracing) | (tracer != nullptr ? tracing : 0));
    mine = {};
    if (current != root) std::swap(machine.hints, current->machine.hints);
}

void greenlet_thread::end_side() noexcept {
    greenlet_block* const gone = root;
    current = root = nullptr;
    id = 0;
    set_unusual(unusual & tracing);
    gone->machine.hints = nullptr;  // they are the fiber's
    gone->phase = greenlet_phase::dead;
    gone->drop_handle();
}

greenlet_block* make_greenlet_block(std::size_t bytes, const greenlet_code& code,
                                    std::size_t stack_bytes, std::size_t guard_bytes) {
    void* const memory = allocate_frame(bytes);
    greenlet_thread& thread = the_greenlet_thread;
    if (thread.id == 0) [[unlikely]]
        thread.begin();
    auto* const block =
        ::new (memory) greenlet_block(code, thread.current, stack_bytes, guard_bytes);
    block->thread = thread.id;
    block->parent->retain();
    return block;
}

void unmake_greenlet_block(greenlet_block* block) noexcept {
    block->parent->release();
    std::destroy_at(block);
    deallocate_frame(block);
}

void greenlet_block::dispose() noexcept {
    phase = greenlet_phase::dead;
    code->dispose(*this);
}

void greenlet_block::unreferenced(greenlet_block* block) noexcept {
    for (;;) {
        if (block->phase == greenlet_phase::created) block->dispose();
        if (block->references != 0) return;  // What was destroyed made a handle.
        greenlet_block* const above = block->parent;
        forget_context(block->machine);
        std::destroy_at(block);
        deallocate_frame(block);
        // A chain of parents that only held each other goes in this loop, not in a recursion.
        if (above == nullptr || --above->references != 0) return;
        block = above;
    }
}

void greenlet_block::without_handle(greenlet_block* block) noexcept {
    if (block->phase == greenlet_phase::started) [[unlikely]]
        return without_handle_while_started(block);
    block->release();
}

[[gnu::noinline]] void greenlet_block::without_handle_while_started(
    greenlet_block* block) noexcept {
    greenlet_thread& here = this_greenlet_thread();
    if (block == here.current) {
        here.set_unusual(here.unusual | greenlet_thread::orphaned);
        if (!std::exchange(block->orphan, true)) return;
    } else if (block->killer == nullptr) {
        unwind_greenlet(*block);
    }
    block->release();
}

}  // namespace weft::detail
