#include "weft/core/foreign.hpp"

#include "weft/base/check.hpp"
#include "weft/core/awaiter.hpp"

namespace weft::detail {
namespace {

constexpr wait_kind foreign_kind{"an awaitable of another library", nullptr};

}  // namespace

foreign_wait::foreign_wait() noexcept : waiter(foreign_kind), letter_(*this), frame_(*this) {}

foreign_wait::letter::letter(foreign_wait& w) noexcept
    : posted{[](posted& p) noexcept { static_cast<letter&>(p).owner.arrived(); }}, owner(w) {}

bool foreign_wait::begin(scheduler& home, control_block& b) noexcept {
    if (b.has(block_flag::taken | block_flag::cancel_pending)) [[unlikely]] {
        if (!b.has(block_flag::taken)) b.flags |= block_flag::abandoned;
        b.flags &= static_cast<std::uint8_t>(~block_flag::taken);
        home.push(b);
        return false;
    }
    home_ = &home;
    block = &b;
    home.waits(b, *this);
    ++home.foreign_waits;
    return true;
}

void foreign_wait::undo() noexcept {
    block->wait = nullptr;
    --home_->foreign_waits;
}

void foreign_wait::arrived() noexcept {
    --home_->foreign_waits;
    home_->wake(*block);
}

void foreign_wait::resumed_as_coroutine() noexcept {
    if (home_->is_here())
        arrived();
    else
        home_->mail().post(letter_);
}

void foreign_wait::destroyed_as_coroutine() noexcept {
    WEFT_CHECK(false,
               "an awaitable destroyed the coroutine that awaits it: resume it instead, with an "
               "error if need be");
    __builtin_unreachable();
}

void foreign_wait::raise_if_abandoned() {
    control_block& b = *this_scheduler().current();
    if (b.has(block_flag::abandoned)) [[unlikely]]
        raise_cancelled(b);
}

}  // namespace weft::detail
