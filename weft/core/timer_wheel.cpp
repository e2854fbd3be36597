#include "weft/core/timer_wheel.hpp"

#include "weft/base/check.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace weft::detail {
namespace {

constexpr std::uint64_t sign = std::uint64_t{1} << 63;

/// Time points as numbers from 0 on, in the same order.
std::uint64_t ordinal_of(clock::time_point t) noexcept {
    return static_cast<std::uint64_t>(t.time_since_epoch().count()) ^ sign;
}

clock::time_point time_of(std::uint64_t ordinal) noexcept {
    return clock::time_point(clock::duration(static_cast<clock::rep>(ordinal ^ sign)));
}

std::uint64_t ordinal_of(timer_link& l) noexcept {
    return ordinal_of(timer_list::of(l).deadline());
}

/// What one walk tells of a list.
struct survey {
    std::size_t count = 0;
    bool sorted = true;
    std::uint64_t differing = 0;  ///< the bits in which its deadlines are not all the same

    explicit survey(const timer_list& list) noexcept {
        const std::uint64_t first = ordinal_of(*list.head.next_);
        std::uint64_t last = first;
        for (timer_link* l = list.head.next_; l != &list.head; l = l->next_) {
            const std::uint64_t mine = ordinal_of(*l);
            differing |= mine ^ first;
            sorted = sorted && last <= mine;
            last = mine;
            ++count;
        }
    }
};

constexpr std::size_t few = 32;

/// Insertion, in an array: at this size it is faster than anything cleverer.
void sort_few(timer_list& list, timer_list& out) noexcept {
    struct entry {
        std::uint64_t key;
        timer_link* link;
    };
    std::array<entry, few> sorted;  // NOLINT: only what is written is read
    std::size_t count = 0;
    for (timer_link* l = list.head.next_; l != &list.head; l = l->next_) {
        const entry mine{ordinal_of(*l), l};
        std::size_t at = count++;
        for (; at > 0 && sorted[at - 1].key > mine.key; --at) sorted[at] = sorted[at - 1];
        sorted[at] = mine;
    }
    for (std::size_t i = 0; i < count; ++i) out.push_back(*sorted[i].link);
}

/// Moves all of `list` behind what `out` has, in the order of deadlines, equal ones in the order of
/// the list. By the highest six bits that differ at all, then each part alone: linear, and no
/// deeper than the digits of a deadline.
void sort(timer_list& list, timer_list& out) noexcept {  // NOLINT(misc-no-recursion): bounded
    if (list.empty()) return;
    const survey found(list);
    if (found.sorted) return out.append(list);
    if (found.count <= few) {
        sort_few(list, out);
        return list.clear();
    }
    constexpr int digit_bits = 6;
    const int shift = std::max(0, static_cast<int>(std::bit_width(found.differing)) - digit_bits);
    std::array<timer_list, 1u << digit_bits> parts;
    for (timer_link* l = list.head.next_; l != &list.head;) {
        timer_link* const next = l->next_;
        parts[(ordinal_of(*l) >> shift) & 63].push_back(*l);
        l = next;
    }
    list.clear();
    for (timer_list& part : parts) sort(part, out);
}

/// Lets the oracle order those at the head of `due` that have the same deadline. The first of what
/// is left, over and over, is the order in which they were started.
void arrange(timer_list& due, oracle& choices) noexcept {
    const clock::time_point deadline = due.front().deadline();
    std::vector<timer_link*> equal;
    try {
        for (timer_link* l = due.head.next_;
             l != &due.head && timer_list::of(*l).deadline() == deadline; l = l->next_)
            equal.push_back(l);
    } catch (const std::bad_alloc&) {
        return;  // in the order of their start, then
    }
    for (std::size_t i = 0; i + 1 < equal.size(); ++i) {
        const std::size_t chosen = choices.choose(choice::timer, equal.size() - i);
        WEFT_CHECK(chosen < equal.size() - i, "an oracle chooses a number below the given one");
        std::swap(equal[i], equal[i + chosen]);
    }
    for (timer_link* l : equal) timer_list::unlink(*l);
    for (std::size_t i = equal.size(); i > 0; --i) due.push_front(*equal[i - 1]);
}

/// The earliest deadline of a list that is not empty; `otherwise` when that has too many timers.
std::uint64_t earliest(const timer_list& list, std::uint64_t otherwise) noexcept {
    std::uint64_t found = ~std::uint64_t{0};
    std::size_t seen = 0;
    for (timer_link* l = list.head.next_; l != &list.head; l = l->next_) {
        if (++seen > timer_wheel::scan_max) return otherwise;
        found = std::min(found, ordinal_of(*l));
    }
    return found;
}

}  // namespace

void timer_list::append(timer_list& from) noexcept {
    if (from.empty()) return;
    head.prev_->next_ = from.head.next_;
    from.head.next_->prev_ = head.prev_;
    from.head.prev_->next_ = &head;
    head.prev_ = from.head.prev_;
    from.clear();
}

timer_wheel::timer_wheel(clock::time_point now) noexcept : reached_(ordinal_of(now)) {}

timer_wheel::~timer_wheel() {
    const auto disarm = [](timer_list& list) {
        while (!list.empty()) {
            timer& t = list.front();
            timer_list::unlink(t);
            t.next_ = nullptr;
        }
    };
    disarm(due_);
    disarm(late_);
    disarm(never_);
    while (levels_used_ != 0) {
        const position p = first_used();
        disarm(slots_[p.level][p.slot]);
        mark_empty(p);
    }
}

timer_wheel::position timer_wheel::position_of(std::uint64_t ordinal) const noexcept {
    const auto highest = static_cast<unsigned>(std::bit_width(ordinal ^ reached_)) - 1;
    const unsigned level = highest / digit_bits;
    return {level, static_cast<unsigned>(ordinal >> (level * digit_bits)) & 63};
}

/// Of a slot of the present: the digits above are those of `reached_`.
std::uint64_t timer_wheel::beginning(position p) const noexcept {
    const unsigned shift = p.level * digit_bits;
    const std::uint64_t below = (std::uint64_t{1} << shift) - 1;
    const std::uint64_t digit = std::uint64_t{63} << shift;
    return (reached_ & ~below & ~digit) | (std::uint64_t{p.slot} << shift);
}

/// REQUIRES: a slot is used.
timer_wheel::position timer_wheel::first_used() const noexcept {
    const auto level = static_cast<unsigned>(std::countr_zero(levels_used_));
    return {level, static_cast<unsigned>(std::countr_zero(slots_used_[level]))};
}

void timer_wheel::place(timer& t, std::uint64_t ordinal) noexcept {
    const position p = position_of(ordinal);
    slots_[p.level][p.slot].push_back(t);
    slots_used_[p.level] |= std::uint64_t{1} << p.slot;
    levels_used_ |= 1u << p.level;
}

void timer_wheel::mark_empty(position p) noexcept {
    slots_used_[p.level] &= ~(std::uint64_t{1} << p.slot);
    if (slots_used_[p.level] == 0) levels_used_ &= ~(1u << p.level);
}

void timer_wheel::start(timer& t, clock::time_point deadline) noexcept {
    WEFT_DCHECK(!t.armed(), "a timer is started once at a time; cancel it first");
    t.deadline_ = deadline;
    ++size_;
    const std::uint64_t ordinal = ordinal_of(deadline);
    if (deadline == clock::never) return never_.push_back(t);
    if (ordinal <= reached_) return late_.push_back(t);
    place(t, ordinal);
    if (ordinal < bound_) {
        bound_ = ordinal;
        settled_ = true;
    }
}

void timer_wheel::cancel(timer& t) noexcept {
    if (!t.armed()) return;
    timer_list::unlink(t);
    const bool last = t.prev_ == t.next_;  // then that is the head of its list
    t.next_ = nullptr;
    --size_;
    const std::uint64_t ordinal = ordinal_of(t.deadline_);
    if (ordinal <= reached_ || t.deadline_ == clock::never) return;
    if (last) mark_empty(position_of(ordinal));
    if (ordinal == bound_) settled_ = false;
}

clock::time_point timer_wheel::nearest() noexcept {
    if (!late_.empty()) return time_of(earliest(late_, 0));
    if (!settled_) {
        bound_ = never_ordinal;
        if (levels_used_ != 0) {
            const position p = first_used();
            bound_ = earliest(slots_[p.level][p.slot], beginning(p));
        }
        settled_ = true;
    }
    return time_of(bound_);
}

std::size_t timer_wheel::expire(clock::time_point now, oracle* choices) noexcept {
    WEFT_DCHECK(!expiring_, "expire is not called from what it calls");
    const std::uint64_t to = std::max(ordinal_of(now), reached_);
    if (to < bound_ && late_.empty()) return 0;
    sort(late_, due_);  // all before those in slots, which were not due when these were
    if (to >= bound_) {
        advance(to);
        bound_ = levels_used_ != 0 ? beginning(first_used()) : never_ordinal;
        settled_ = levels_used_ == 0;
    }
    expiring_ = true;
    const std::size_t expired = expire_due(choices);
    expiring_ = false;
    return expired;
}

/// A million timers fit into no cache: asks for what the next ones will touch.
void timer_wheel::ask_ahead(timer_link& next) const noexcept {
    if (&next == &due_.head) return;
    __builtin_prefetch(timer_list::of(next).block, 1);
    timer_link* const second = next.next_;
    if (second == &due_.head) return;
    __builtin_prefetch(timer_list::of(*second).block, 1);
    __builtin_prefetch(second->next_);
}

std::size_t timer_wheel::expire_due(oracle* choices) noexcept {
    std::size_t expired = 0;
    std::optional<clock::time_point> arranged;
    while (!due_.empty()) {
        if (choices != nullptr && arranged != due_.front().deadline_) {
            arranged = due_.front().deadline_;
            arrange(due_, *choices);
        }
        timer& t = due_.front();
        ask_ahead(*t.next_);
        timer_list::unlink(t);
        t.next_ = nullptr;
        --size_;
        ++expired;
        t.kind->expired(t);
    }
    return expired;
}

/// Moves the wheel's time. What lies before the slot it comes to is due, and in order slot by slot,
/// since a level's slots all come before those of the level above.
void timer_wheel::advance(std::uint64_t to) noexcept {
    if (to == reached_) return;
    const position there = position_of(to);
    const auto at_or_after = ~std::uint64_t{0} << there.slot;
    while (levels_used_ != 0) {
        const position p = first_used();
        if (p.level > there.level) break;
        if (p.level == there.level && ((std::uint64_t{1} << p.slot) & at_or_after) != 0) break;
        collect(p);
    }
    enter(there, to);
}

void timer_wheel::collect(position p) noexcept {
    sort(slots_[p.level][p.slot], due_);
    mark_empty(p);
}

/// The slot `p` is the one that contains `to`: some in it may be due, the others move down.
void timer_wheel::enter(position p, std::uint64_t to) noexcept {
    reached_ = to;
    timer_list passed;
    timer_list& slot = slots_[p.level][p.slot];
    for (timer_link* l = slot.head.next_; l != &slot.head;) {
        timer_link* const next = l->next_;
        const std::uint64_t ordinal = ordinal_of(*l);
        if (ordinal <= to)
            passed.push_back(*l);
        else
            place(timer_list::of(*l), ordinal);
        l = next;
    }
    slot.clear();
    mark_empty(p);
    sort(passed, due_);
}

}  // namespace weft::detail
