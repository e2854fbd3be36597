#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/oracle.hpp"
#include "weft/core/waiter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

/// Timers: a million of them at once, started and cancelled in constant time.
namespace weft::detail {

/// A link of a circular list: part of a timer, or the head of a list (its own neighbour when the
/// list is empty), so that a timer is taken out of a list that nobody has to name.
struct timer_link {
    timer_link* prev_ = nullptr;
    timer_link* next_ = nullptr;  // null when it is in no list
};

/// One timer, in the object that waits for it; `kind->expired` is called when its time has come.
/// To be cancelled before it is destroyed.
class timer : public waiter, private timer_link {
public:
    explicit timer(const wait_kind& k) noexcept : waiter(k) {}
    [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

protected:
    clock::time_point deadline_;  // an awaiter's own until it is started

private:
    friend class timer_wheel;
    friend struct timer_list;
};
static_assert(sizeof(timer) == 40, "there may be a million");

/// Timers in the order in which they were started, unless they have been sorted.
struct timer_list {
    timer_link head;

    timer_list() noexcept { clear(); }
    timer_list(const timer_list&) = delete;
    timer_list& operator=(const timer_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return head.next_ == &head; }
    [[nodiscard]] timer& front() const noexcept { return of(*head.next_); }
    [[nodiscard]] static timer& of(timer_link& l) noexcept { return static_cast<timer&>(l); }

    void clear() noexcept { head.prev_ = head.next_ = &head; }
    void push_back(timer_link& l) noexcept { insert(l, head); }
    void push_front(timer_link& l) noexcept { insert(l, *head.next_); }
    /// Takes all that `from` has, behind what is here.
    void append(timer_list& from) noexcept;

    static void unlink(timer_link& l) noexcept {
        l.prev_->next_ = l.next_;
        l.next_->prev_ = l.prev_;
    }
    static void insert(timer_link& l, timer_link& before) noexcept {
        l.prev_ = before.prev_;
        l.next_ = &before;
        before.prev_->next_ = &l;
        before.prev_ = &l;
    }
};

/// A hierarchical wheel (Varghese and Lauck, 1987) whose lowest level is exact:
/// ```
/// timer_wheel wheel(now);
/// wheel.start(t, now + 3ms);
/// driver.park(wheel.nearest());
/// wheel.expire(driver.now(), nullptr);
/// ```
///
/// A deadline is an unsigned number of 64 bits (nanoseconds), written in digits of 6 bits. The
/// level of a timer is the highest digit in which its deadline differs from the wheel's own time,
/// its slot is the value of that digit. So each level's timers all come before those of the level
/// above, a slot of level 0 is one nanosecond, and eleven levels reach to the end of time.
///
/// Rules:
/// 1. One thread, the loop's. Timers lie in the objects that wait for them; nothing is allocated,
///    but for an oracle that has equal deadlines to choose from.
/// 2. `reached_` is the wheel's own time: no timer in a slot is due then, and it moves only in
///    `expire`. Time does not go back: an earlier `now` counts as the latest.
/// 3. An armed timer is in one list. At `clock::never`: `never_`. When its deadline had been
///    reached at its start: `late_`. Otherwise the slot that its deadline and `reached_` say.
///    While `expire` runs, those that are due are in `due_`, sorted.
/// 4. When `reached_` enters a slot, those in it move down to levels that are then empty. Timers of
///    one deadline are thus always in the same list, each behind those started before it.
/// 5. A bit of `slots_used_` is set when its slot is not empty, one of `levels_used_` when such a
///    slot is in that level; empty stretches, were they years, cost nothing.
/// 6. No timer in a slot is due before `bound_`. When `settled_`, that is what `nearest` found.
///
/// Costs: `start` and `cancel` are constant. A timer moves at most once for each digit of the time
/// it waits (a second: five), and usually two or three times; those that are due together are
/// sorted by their digits, which is linear too. `nearest` looks at no more than `scan_max` timers,
/// and remembers.
class WEFT_EXPORT timer_wheel {
public:
    explicit timer_wheel(clock::time_point now) noexcept;
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    /// Disarms what is left.
    ~timer_wheel();

    /// REQUIRES: `t` is not armed. A deadline that has passed expires with the next `expire`, one
    /// at `clock::never` does not expire at all.
    void start(timer& t, clock::time_point deadline) noexcept;
    /// Does nothing when `t` is not armed (any more).
    void cancel(timer& t) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// When `expire` has to be called next, at the latest; `clock::never` when no timer can expire.
    /// Exact, or the beginning of a slot that has more than `scan_max` timers; then a call of
    /// `expire` at that time expires nothing and brings them at least a level down, so that the
    /// exact one is known after ten at most.
    [[nodiscard]] clock::time_point nearest() noexcept;

    /// Disarms each timer whose deadline is not after `now`, in the order of deadlines, of equal
    /// ones in that of their start or as `choices` (may be null) says, and calls its
    /// `kind->expired`, which may start and cancel timers. Those it starts with deadlines that have
    /// passed wait for the next call. Returns how many expired.
    ///
    /// An oracle is asked for the order of equal ones before the first of them expires.
    /// REQUIRES: not called from `expired`.
    std::size_t expire(clock::time_point now, oracle* choices) noexcept;

    static constexpr std::size_t scan_max = 64;

private:
    static constexpr unsigned digit_bits = 6;
    static constexpr unsigned level_count = 11;
    static constexpr std::uint64_t never_ordinal = ~std::uint64_t{0};

    struct position {
        unsigned level;
        unsigned slot;
    };

    [[nodiscard]] position position_of(std::uint64_t ordinal) const noexcept;
    [[nodiscard]] std::uint64_t beginning(position p) const noexcept;
    [[nodiscard]] position first_used() const noexcept;
    void place(timer& t, std::uint64_t ordinal) noexcept;
    void mark_empty(position p) noexcept;
    void collect(position p) noexcept;
    void advance(std::uint64_t to) noexcept;
    void enter(position p, std::uint64_t to) noexcept;
    std::size_t expire_due(oracle* choices) noexcept;
    void ask_ahead(timer_link& next) const noexcept;

    std::uint64_t reached_;
    std::uint64_t bound_ = never_ordinal;
    std::size_t size_ = 0;
    bool settled_ = false;
    bool expiring_ = false;
    std::uint32_t levels_used_ = 0;
    std::array<std::uint64_t, level_count> slots_used_{};
    timer_list due_;
    timer_list late_;
    timer_list never_;
    std::array<std::array<timer_list, 1u << digit_bits>, level_count> slots_;
};

}  // namespace weft::detail
