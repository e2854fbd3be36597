#pragma once

/// What a suspended coroutine waits for, seen by the scheduler: whom to wake, and how to give up.
namespace weft::detail {

struct control_block;
class waiter;

/// What all waits of a kind have in common. Static.
struct wait_kind {
    /// For people: "sleep", "event", "read". A literal.
    const char* what;
    /// Gives the wait up because of a cancellation: takes the waiter out of whatever it is linked
    /// in and calls `abandon(w)`; or only asks for the end of an operation whose memory somebody
    /// else still uses, and leaves it to that end to wake the coroutine. Null: the wait cannot be
    /// given up, and a cancellation is deferred until it is over.
    void (*cancel)(waiter& w) noexcept;
    /// A timer has expired. Null for what is no timer.
    void (*expired)(waiter& w) noexcept = nullptr;
};

/// The base of every awaiter: it lies in the awaiting frame or on the awaiting stack, and does not
/// move. One thread: its loop's.
class waiter {
public:
    explicit waiter(const wait_kind& k) noexcept : kind(&k) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    const wait_kind* kind;
    /// Who waits; null before the suspension, and for what no coroutine waits for.
    control_block* block = nullptr;

protected:
    ~waiter() = default;
};

}  // namespace weft::detail
