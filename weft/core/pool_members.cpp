#include "weft/core/pool_members.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"
#include "weft/machine/frame_pool.hpp"

#include <utility>

namespace weft::detail {

/// One member; it goes with the end of its coroutine.
struct pool_members::member : join_waiter {
    member() noexcept : join_waiter(join_kind) { ended = &note_end; }
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* p) noexcept { deallocate_frame(p); }
    static void note_end(join_waiter& w) noexcept {
        auto& self = static_cast<member&>(w);
        self.of->leave(self);
    }

    pool_members* of = nullptr;
    control_block* coroutine = nullptr;
    member* prev = nullptr;
    member* next_member = nullptr;
    bool counted = false;
};

struct pool_wait_access {
    static void give_up_place(waiter& w) noexcept {
        auto& self = static_cast<pool_members::place_awaiter&>(w);
        if (!self.queued_) {
            // It waits for what runs in its own place, which ends with it.
            cancel_node::cancel_block(*self.target, cancel_node::reason_for(*w.block).origin());
            return;
        }
        self.dequeue();
        this_scheduler().abandon(*w.block);
    }
    static void give_up_join(waiter& w) noexcept {
        static_cast<pool_members::join_awaiter&>(w).remove();
        this_scheduler().abandon(*w.block);
    }
};

const wait_kind place_kind{"a place in a pool", &pool_wait_access::give_up_place};
const wait_kind members_kind{"the members of a group", &pool_wait_access::give_up_join};

pool_members::~pool_members() {
    WEFT_CHECK(first_place_ == nullptr && joins_ == nullptr,
               "a group or pool was destroyed while a coroutine waits for a place or for its "
               "members: let that end first, or cancel it");
    while (member* const m = members_) {
        m->unlink();
        members_ = m->next_member;
        delete m;
    }
}

bool pool_members::has(const control_block* b) const noexcept {
    const join_waiter* const first = b != nullptr ? b->joiners : nullptr;
    const join_waiter* w = first;
    if (w == nullptr) return false;
    do {
        if (w->ended == &member::note_end && static_cast<const member*>(w)->of == this) return true;
        w = w->next();
    } while (w != first);
    return false;
}

void pool_members::cancel(std::source_location at) const {
    const cancel_origin origin = origin_here(cancel_reason::request, at);
    for (const member* m = members_; m != nullptr; m = m->next_member)
        cancel_node::cancel_block(*m->coroutine, origin);
}

void pool_members::place::deleter::operator()(void* m) const noexcept {
    delete static_cast<member*>(m);
}
pool_members::place::member_room pool_members::place::make_member() const {
    return member_room(new member);
}

void pool_members::place::settle(member_room r, control_block& b) noexcept {
    auto& m = *static_cast<member*>(r.release());
    pool_members& of = *std::exchange(of_, nullptr);
    m.of = &of;
    m.coroutine = &b;
    m.counted = counted_;
    m.next_member = of.members_;
    if (of.members_ != nullptr) of.members_->prev = &m;
    of.members_ = &m;
    ++of.size_;
    m.link(b);
}

void pool_members::leave(member& m) noexcept {
    const control_block& b = *m.coroutine;
    if (b.state == block_state::failed)
        for (join_awaiter* j = joins_; j != nullptr; j = j->next_join_)
            if (j->raise_error_ && j->error_ == nullptr) {
                j->error_ = b.extra->error;
                m.coroutine->flags |= block_flag::observed;
            }
    (m.prev != nullptr ? m.prev->next_member : members_) = m.next_member;
    if (m.next_member != nullptr) m.next_member->prev = m.prev;
    --size_;
    const bool counted = m.counted;
    delete &m;
    if (counted) free_place();
    wake_joiners_if_idle();
}

/// To the first who waits for it, or to anybody.
void pool_members::free_place() noexcept {
    if (place_awaiter* const w = first_place_) {
        w->dequeue();
        w->promised_ = true;
        this_scheduler().wake(*w->block);
    } else {
        --taken_;
    }
}

void pool_members::break_promise() noexcept {
    free_place();
    wake_joiners_if_idle();
}

void pool_members::wake_joiners_if_idle() noexcept {
    if (!idle()) return;
    for (join_awaiter* j = std::exchange(joins_, nullptr); j != nullptr;) {
        join_awaiter* const next = j->next_join_;
        this_scheduler().wake(*j->block);
        j = next;
    }
}

pool_members::place_awaiter::outcome pool_members::place_awaiter::ask() noexcept {
    if (members_.try_promise()) {
        promised_ = true;
        return outcome::promised;
    }
    return members_.has(this_scheduler().current()) ? outcome::of_its_own : outcome::waits;
}

void pool_members::place_awaiter::enqueue() noexcept {
    queued_ = true;
    prev_place_ = members_.last_place_;
    next_place_ = nullptr;
    (prev_place_ != nullptr ? prev_place_->next_place_ : members_.first_place_) = this;
    members_.last_place_ = this;
    ++members_.waiting_;
}

void pool_members::place_awaiter::dequeue() noexcept {
    queued_ = false;
    (prev_place_ != nullptr ? prev_place_->next_place_ : members_.first_place_) = next_place_;
    (next_place_ != nullptr ? next_place_->prev_place_ : members_.last_place_) = prev_place_;
    --members_.waiting_;
}

bool pool_members::join_awaiter::try_now() const {
    const control_block* const mine = this_scheduler().current();
    if (cancels_)
        members_.cancel(cancel_at_);
    else if (members_.has(mine))
        throw usage_error("join() of a group by one of its own members, which would never end: "
                          "let another coroutine join it");
    return members_.idle();
}

void pool_members::join_awaiter::start() noexcept {
    next_join_ = members_.joins_;
    members_.joins_ = this;
}

void pool_members::join_awaiter::finish() const {
    if (error_) std::rethrow_exception(error_);
}

void pool_members::join_awaiter::remove() noexcept {
    join_awaiter** at = &members_.joins_;
    while (*at != nullptr && *at != this) at = &(*at)->next_join_;
    if (*at == this) *at = next_join_;
}

}  // namespace weft::detail
