#include "weft/core/token_bucket.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace weft {
namespace {

/// What the rounding of sums may take from a token.
constexpr double dust = 1e-6;

}  // namespace

const detail::wait_kind token_bucket::take_kind{
    "tokens of a token_bucket",
    [](detail::waiter& w) noexcept {
        auto& self = static_cast<take_awaiter&>(w);
        token_bucket& bucket = self.bucket_;
        bucket.remove(self);
        detail::this_scheduler().abandon(*self.block);
        bucket.serve();
    },
};

token_bucket::refill::refill(token_bucket& b) noexcept
    : timer([]() -> const detail::wait_kind& {
          static constexpr detail::wait_kind of_refill{
              "refill", nullptr,
              [](detail::waiter& w) noexcept { static_cast<refill&>(w).bucket.serve(); }};
          return of_refill;
      }()),
      bucket(b) {}

token_bucket::token_bucket(double rate, std::size_t burst)
    : rate_(rate * 1e-9), burst_(static_cast<double>(burst)), tokens_(burst_), refill_(*this) {
    if (!(rate > 0) || std::isinf(rate) || burst == 0)
        throw usage_error("token_bucket(" + std::to_string(rate) + ", " + std::to_string(burst) +
                          "): the rate is above 0 tokens a second, and the burst at least 1");
}

token_bucket::~token_bucket() {
    WEFT_CHECK(first_ == nullptr, "a token_bucket was destroyed while a coroutine waits for its "
                                  "tokens: let that end first, or cancel it");
}

token_bucket::take_awaiter token_bucket::take(std::size_t n) {
    if (static_cast<double>(n) > burst_)
        throw usage_error("token_bucket::take(" + std::to_string(n) + "): it holds " +
                          std::to_string(static_cast<std::size_t>(burst_)) +
                          " at the most: take them in parts, or make the burst larger");
    return take_awaiter(*this, n);
}

void token_bucket::update() noexcept {
    const clock::time_point now = clock::now();
    if (updated_ != clock::time_point::min() && now > updated_)
        tokens_ = std::min(burst_, tokens_ + static_cast<double>((now - updated_).count()) * rate_);
    updated_ = now;
}

bool token_bucket::has(std::size_t n) const noexcept {
    return tokens_ + dust >= static_cast<double>(n);
}

bool token_bucket::try_take(std::size_t n) {
    if (first_ != nullptr) return false;
    update();
    if (!has(n)) return false;
    tokens_ = std::max(0.0, tokens_ - static_cast<double>(n));
    return true;
}

std::size_t token_bucket::available() const {
    double tokens = tokens_;
    const clock::time_point now = clock::now();
    if (updated_ != clock::time_point::min() && now > updated_)
        tokens = std::min(burst_, tokens + static_cast<double>((now - updated_).count()) * rate_);
    return static_cast<std::size_t>(tokens + dust);
}

void token_bucket::enqueue(take_awaiter& w) noexcept {
    w.prev_ = last_;
    w.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &w;
    last_ = &w;
    ++waiting_;
    if (first_ == &w) serve();
}

void token_bucket::remove(take_awaiter& w) noexcept {
    (w.prev_ != nullptr ? w.prev_->next_ : first_) = w.next_;
    (w.next_ != nullptr ? w.next_->prev_ : last_) = w.prev_;
    --waiting_;
}

/// Wakes those for whom there is enough, and sees to the next.
void token_bucket::serve() noexcept {
    detail::scheduler& home = detail::this_scheduler();
    home.timers().cancel(refill_);
    if (first_ == nullptr) return;
    update();
    while (first_ != nullptr && has(first_->wanted_)) {
        take_awaiter& w = *first_;
        tokens_ = std::max(0.0, tokens_ - static_cast<double>(w.wanted_));
        remove(w);
        home.wake(*w.block);
    }
    if (first_ == nullptr) return;
    const double missing = static_cast<double>(first_->wanted_) - tokens_;
    const auto wait =
        detail::to_nanoseconds(std::chrono::duration<double, std::nano>(missing / rate_));
    home.timers().start(refill_, saturating_add(updated_, std::max(wait, clock::duration(1))));
}

}  // namespace weft
