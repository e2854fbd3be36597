#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/waiter.hpp"

#include <cstddef>

/// Coroutines that wait in a line: what the primitives of this layer are made of.
namespace weft::detail {

/// Set while it is linked.
struct queue_link {
    queue_link() noexcept {}
    queue_link* prev;
    queue_link* next;
};

/// A waiter in a line, or that is about to stand in one.
class WEFT_EXPORT queued_waiter : public waiter, private queue_link {
public:
    explicit queued_waiter(const wait_kind& k) noexcept : waiter(k) {}

protected:
    ~queued_waiter() = default;

private:
    friend class wait_queue;
};

/// A line: first come, first served.
///
/// Rules:
/// 1. It owns nothing: a waiter lies in the awaiting frame or on the awaiting stack, is linked by
///    its `start`, and unlinked by who wakes it or by the `cancel` of its kind.
/// 2. Whoever wakes takes what the waiter is to get, a permit or the ownership, out of the
///    primitive at once. So nobody overtakes, and what was given is never lost: one that is
///    cancelled after it was woken gets it all the same.
/// 3. A line that is destroyed wakes who stands in it, to throw (`throw_if_orphaned`).
/// 4. One thread, the loop's: nothing is atomic.
class WEFT_EXPORT wait_queue {
public:
    wait_queue() noexcept { ends_.prev = ends_.next = &ends_; }
    wait_queue(const wait_queue&) = delete;
    wait_queue& operator=(const wait_queue&) = delete;
    ~wait_queue() {
        if (!empty()) [[unlikely]]
            orphan_all();
    }

    [[nodiscard]] bool empty() const noexcept { return ends_.next == &ends_; }
    /// REQUIRES: not empty.
    [[nodiscard]] queued_waiter& front() const noexcept {
        return static_cast<queued_waiter&>(*ends_.next);
    }
    void push(queued_waiter& w) noexcept {
        queue_link& one = w;
        one.prev = ends_.prev;
        one.next = &ends_;
        ends_.prev = ends_.prev->next = &one;
    }
    /// Takes it out of the line that it stands in.
    static void remove(queued_waiter& w) noexcept {
        queue_link& one = w;
        one.prev->next = one.next;
        one.next->prev = one.prev;
    }
    queued_waiter& pop() noexcept {
        queued_waiter& w = front();
        remove(w);
        return w;
    }
    /// Calls `visit(waiter)` for each, which may not leave meanwhile.
    template <class Visit>
    void each(Visit visit) const {
        for (queue_link* one = ends_.next; one != &ends_; one = one->next)
            visit(static_cast<queued_waiter&>(*one));
    }
    /// How many wait. Counts them.
    [[nodiscard]] std::size_t size() const noexcept;

    /// The loop of those who wait, which must be the calling thread's: else a `usage_error` that
    /// says what was attempted. REQUIRES: not empty.
    [[nodiscard]] scheduler& home(const char* attempt) const;

private:
    void orphan_all() noexcept;

    queue_link ends_;
};

/// For kinds whose waiters leave nothing behind but their place in the line.
WEFT_EXPORT void leave_queue(waiter& w) noexcept;
/// In place of the kind of a waiter whose line was destroyed.
WEFT_EXPORT extern const wait_kind orphan_kind;
/// Throws what such a waiter gets, which waited as `was`.
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_orphan(const wait_kind& was);
inline void throw_if_orphaned(const queued_waiter& w, const wait_kind& was) {
    if (w.kind == &orphan_kind) [[unlikely]]
        refuse_orphan(was);
}

}  // namespace weft::detail
