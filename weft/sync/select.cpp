#include "weft/sync/select.hpp"

#include <cstdint>

namespace weft::detail {

const wait_kind select_kind{
    "one of several channels",
    [](waiter& w) noexcept {
        static_cast<select_waiter&>(w).unlink_all();
        this_scheduler().abandon(*w.block);
    },
};

std::size_t choose_branch(std::size_t n) noexcept {
    if (scheduler* const home = the_scheduler; home != nullptr)
        if (oracle* const chooses = home->how().choices(); chooses != nullptr)
            return chooses->choose(choice::branch, n);
    // Marsaglia's xorshift: turns in a fixed order could keep step with the program's own.
    static constinit thread_local std::uint32_t state = 2'463'534'242;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % n;
}

void channel_waiter::end_select() noexcept {
    select_->won(*this);
}

void select_waiter::unlink_all() noexcept {
    for (channel_waiter* const w : branches_) w->unlink();
}

void select_waiter::won(const channel_waiter& w) noexcept {
    unlink_all();
    winner_ = 0;
    while (branches_[winner_] != &w) ++winner_;
    this_scheduler().wake(*block);
}

}  // namespace weft::detail
