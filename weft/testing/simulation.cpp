#include "weft/testing/simulation.hpp"

#include "weft/base/error.hpp"

namespace weft::testing {

simulation::simulation(std::uint64_t seed, options how) : oracle_(seed), how_(std::move(how)) {
    how_.choices(&oracle_).watchdog({}).driver([this]() -> std::unique_ptr<weft::driver> {
        auto world = std::make_unique<simulator>(&oracle_);
        world->latency(latency_min_, latency_max_).descriptor_limit(descriptor_limit_);
        world->network(network_);
        running_ = world->network_;
        return world;
    });
}

simulation& simulation::network(const network_options& how) {
    network_ = how;
    if (const auto now = running_.lock()) now->configure(how);
    return *this;
}

/// The pointer is of the loop's thread, on which this is called: nobody ends it meanwhile.
sim_network& simulation::running() const {
    const auto now = running_.lock();
    if (now == nullptr)
        throw usage_error("a simulation's network is changed while nothing runs in it: do it from "
                          "within run(), or set it up before with network()");
    return *now;
}

}  // namespace weft::testing
