#include "weft/core/retry.hpp"

#include "weft/base/error.hpp"
#include "weft/core/oracle.hpp"
#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <random>

namespace weft {
namespace {

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
std::uint64_t split_mix(std::uint64_t& state) noexcept {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::uint64_t fresh_seed() {
    static thread_local std::uint64_t state = std::random_device()();
    return split_mix(state);
}

bool may_be_tried_again(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {
    } catch (const generator_exit&) {
    } catch (const greenlet_exit&) {
    } catch (const usage_error&) {
    } catch (...) {
        return true;
    }
    return false;
}

}  // namespace

retry_policy& retry_policy::attempts(std::size_t n) {
    if (n == 0)
        throw usage_error("retry_policy::attempts(0): it would never be tried: 1 tries it once");
    attempts_ = n;
    return *this;
}

retry_state::retry_state(retry_policy policy)
    : policy_(std::move(policy)), next_(static_cast<double>(policy_.delay_.count())) {
    if (policy_.seed_) random_ = *policy_.seed_;
}

double retry_state::chance() {
    constexpr std::size_t steps = 1024;
    const detail::scheduler* const home = detail::the_scheduler;
    oracle* const chooses = home != nullptr ? home->how().choices() : nullptr;
    if (!policy_.seed_ && chooses != nullptr)
        return static_cast<double>(chooses->choose(choice::delay, steps)) / (steps - 1);
    if (!policy_.seed_ && random_ == 0) random_ = fresh_seed();
    return static_cast<double>(split_mix(random_) >> 11) * 0x1p-53;
}

bool retry_state::again(const std::exception_ptr& error) {
    if (++failures_ >= policy_.attempts_ || !may_be_tried_again(error)) return false;
    if (policy_.when_ && !policy_.when_(error)) return false;
    const double longest = static_cast<double>(policy_.delay_max_.count());
    const double whole = std::clamp(next_, 0.0, longest);
    const double share = std::clamp(policy_.jitter_, 0.0, 1.0);
    const double nanoseconds = share > 0 ? whole * (1 - share * chance()) : whole;
    pause_ = detail::to_nanoseconds(std::chrono::duration<double, std::nano>(nanoseconds));
    next_ = std::min(whole * policy_.factor_, longest);
    return true;
}

}  // namespace weft
