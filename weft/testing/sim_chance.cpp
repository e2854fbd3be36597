#include "weft/testing/sim_chance.hpp"

#include "weft/base/check.hpp"

#include <cmath>
#include <cstdint>

namespace weft::testing {

std::size_t sim_chance::choose(choice what, std::size_t n) const noexcept {
    if (oracle_ == nullptr || n < 2) return 0;
    const std::size_t chosen = oracle_->choose(what, n);
    WEFT_CHECK(chosen < n, "an oracle chose what there was not");
    return chosen;
}

std::size_t sim_chance::part_of(std::size_t possible) const noexcept {
    if (oracle_ == nullptr || possible < 2) return possible;
    return choose(choice::bytes, possible) + 1;
}

clock::duration sim_chance::between(choice what, clock::duration min,
                                    clock::duration max) const noexcept {
    const auto span = static_cast<std::size_t>((max - min).count());
    return min + clock::duration(choose(what, span + 1));
}

bool sim_chance::strikes(double probability) const noexcept {
    constexpr std::uint32_t steps = 1'000'000;
    const auto below = static_cast<std::size_t>(std::lround(probability * double{steps}));
    return oracle_ != nullptr && below > 0 && choose(choice::fault, steps) < below;
}

}  // namespace weft::testing
