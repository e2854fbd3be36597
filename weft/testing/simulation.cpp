#include "weft/testing/simulation.hpp"

namespace weft::testing {

simulation::simulation(std::uint64_t seed, options how) : oracle_(seed), how_(std::move(how)) {
    how_.choices(&oracle_).watchdog({}).driver([this]() -> std::unique_ptr<weft::driver> {
        auto world = std::make_unique<simulator>(&oracle_);
        world->latency(latency_min_, latency_max_);
        return world;
    });
}

}  // namespace weft::testing
