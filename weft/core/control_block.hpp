#pragma once

#include "weft/core/clock.hpp"
#include "weft/core/place.hpp"

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <vector>

/// What the scheduler knows of a coroutine: one control block for each spawned one of either kind.
///
/// Rules:
/// 1. Blocks lie densely in the slab of their loop (registry.hpp), which is the registry of all
///    that lives: never on a stack page, whose equal offsets would fall into the same cache sets.
/// 2. A block belongs to its loop's thread. The watchdog looks at the one that runs, which may end
///    meanwhile: so `kind`, `number` and `spawned_at` are set by `publish` and seen by `observe`,
///    and `name` is under a lock (describe.cpp).
/// 3. `leaf` is what resuming means: the innermost coroutine of its chain of awaits. A task that
///    awaits another moves it there, and the end of that one moves it back.
/// 4. A block is in exactly one of these: the ready queue; suspended with `wait` set; running.
///    `wake` takes it from the second to the first.
/// 5. It lives as long as the coroutine does or a handle is left (`handles`).
/// 6. A free one is as `control_block{}` makes it, but for the links and the times, which its next
///    begin sets, and what counts: beginning and ending are short.
namespace weft {

/// Names a coroutine for as long as its process lives. 0 is nobody.
using coroutine_id = std::uint64_t;

namespace detail {

class waiter;
class join_waiter;
class cancel_node;
class scheduler;
struct block_extra;
struct local_values;

enum class block_kind : std::uint8_t {
    none,     ///< a free slot
    task,     ///< spawned from a task
    fiber,    ///< with a stack of its own
    foreign,  ///< somebody else's coroutine, for as long as it awaits something of ours
};

enum class block_state : std::uint8_t {
    alive,
    returned,   ///< with a result
    failed,     ///< with an error
    cancelled,  ///< by `cancelled`
};

/// One link in a chain of awaits: part of the promise of each task, and of a fiber's pseudo frame,
/// at the place of its promise, so that it is found from a handle and the handle from it (R7).
struct await_link {
    /// Who awaits this one; null for what was spawned.
    await_link* awaiter = nullptr;
    /// Where it is suspended; before it has begun, where it was made.
    place at = nullptr;

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        return std::coroutine_handle<await_link>::from_promise(*this);
    }
    [[nodiscard]] static await_link& of(std::coroutine_handle<> h) noexcept {
        return std::coroutine_handle<await_link>::from_address(h.address()).promise();
    }
};

struct block_flag {
    static constexpr std::uint8_t cancel_pending = 1;  ///< every await raises `cancelled`
    static constexpr std::uint8_t cancelled_self = 2;  ///< by its handle, and not by a scope
    static constexpr std::uint8_t abandoned = 4;       ///< the wait was given up: raise on resume
    static constexpr std::uint8_t child_failed = 8;    ///< `extra->error` is for the awaiter
    static constexpr std::uint8_t observed = 16;       ///< somebody was told of its error
    static constexpr std::uint8_t in_scope = 32;       ///< spawned by a `scope`, which is told
    static constexpr std::uint8_t inline_result = 64;  ///< `body` holds the result itself
    static constexpr std::uint8_t taken = 128;         ///< what it awaits is there, its budget not
};

/// A relaxed store, and a load, of what another thread may look at: a store like any other.
template <class T>
void publish(T& field, std::type_identity_t<T> value) noexcept {
    std::atomic_ref<T>(field).store(value, std::memory_order_relaxed);
}
template <class T>
[[nodiscard]] T observe(const T& field) noexcept {
    return std::atomic_ref<T>(const_cast<T&>(field)).load(std::memory_order_relaxed);
}

struct alignas(64) control_block {
    // What a resume touches.
    control_block* ready_next = nullptr;
    std::coroutine_handle<> leaf;
    waiter* wait = nullptr;
    cancel_node* scope = nullptr;  ///< the innermost one it is in
    control_block* scope_prev = nullptr;
    control_block* scope_next = nullptr;
    clock::time_point since;  ///< when it was last suspended, as the loop then knew the time
    std::uint32_t handles = 0;
    block_kind kind = block_kind::none;
    block_state state = block_state::alive;
    std::uint8_t flags = 0;
    std::uint8_t reserved = 0;

    // What only its begin and its end touch.
    void* body = nullptr;  ///< the frame of a task, the record of a fiber; in the end its result
    place spawned_at = nullptr;
    clock::time_point spawned;
    join_waiter* joiners = nullptr;
    const char* name = nullptr;
    local_values* locals = nullptr;
    block_extra* extra = nullptr;
    std::uint32_t generation = 0;  ///< how often the slot was used
    std::uint32_t number = 0;      ///< counts what the loop has spawned, for people

    [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
    [[nodiscard]] bool ended() const noexcept { return state != block_state::alive; }
    [[nodiscard]] coroutine_id id() const noexcept {
        return (std::uint64_t{generation} << 32) | number;
    }
};
static_assert(sizeof(control_block) == 128);

}  // namespace detail
}  // namespace weft
