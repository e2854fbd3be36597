#include "weft/testing/seeded_oracle.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

#include <bit>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <system_error>

namespace weft::testing {
namespace {

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
std::uint64_t splitmix64(std::uint64_t& state) noexcept {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

}  // namespace

seeded_oracle::seeded_oracle(std::uint64_t seed) noexcept : seed_(seed), state_{}, hash_(0) {
    std::uint64_t spread = seed;
    for (std::uint64_t& word : state_) word = splitmix64(spread);
}

std::uint64_t seeded_oracle::next() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

void seeded_oracle::mix(std::uint64_t value) noexcept {
    std::uint64_t state = hash_ ^ value;
    hash_ = splitmix64(state);
}

std::size_t seeded_oracle::choose(choice what, std::size_t n) noexcept {
    WEFT_CHECK(n >= 2, "an oracle is asked where there is nothing to choose");
    // The remainder favours small numbers by n in 2^64: nothing that a test would see.
    const std::size_t chosen = next() % n;
    ++choices_;
    mix(static_cast<std::uint64_t>(what));
    mix(n);
    mix(chosen);
    if (is_recording_) trace_.emplace_back(what, n, chosen);
    return chosen;
}

void seeded_oracle::resumed(std::uint64_t id, clock::time_point time) noexcept {
    mix(~std::uint64_t{0});  // no choice has this number
    mix(id);
    mix(static_cast<std::uint64_t>(time.time_since_epoch().count()));
    if (is_recording_) trace_.emplace_back(id, time);
}

std::vector<std::uint64_t> seeds(std::size_t count) {
    if (const char* const text = std::getenv("WEFT_SEED"); text != nullptr && *text != '\0') {
        const std::string_view digits(text);
        std::uint64_t seed = 0;
        const auto [end, error] = std::from_chars(digits.begin(), digits.end(), seed);
        if (error != std::errc() || end != digits.end())
            throw usage_error("WEFT_SEED is '" + std::string(digits) +
                              "': set it to the seed of the run to repeat, a decimal number");
        return {seed};
    }
    std::vector<std::uint64_t> all(count);
    std::iota(all.begin(), all.end(), std::uint64_t{1});
    return all;
}

}  // namespace weft::testing
