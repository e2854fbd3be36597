#pragma once

#include "weft/io/driver_epoll.hpp"
#include "weft/io/driver_uring.hpp"
#include "weft/testing/driver_test.hpp"
#include "weft/testing/seeded_oracle.hpp"
#include "weft/testing/simulator.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

/// Every driver there is, to run the rules of weft/core/driver.hpp on.
namespace weft::testing {

/// `narrow_io_uring` has a ring that is smaller than what waits, `old_io_uring` does as on kernels
/// before Linux 6.1.
enum class machine : std::uint8_t {
    epoll,
    coarse_epoll,
    io_uring,
    narrow_io_uring,
    old_io_uring,
    simulated,
};

/// Which driver, and what it is to do.
class setup {
public:
    explicit setup(machine m) : on(m) {}
    setup(std::uint64_t s, bool late) : on(machine::simulated), seed(s), is_late(late) {}

    machine on;
    std::optional<std::uint64_t> seed;
    bool is_late = false;

    [[nodiscard]] std::string name() const {
        if (on == machine::epoll) return "epoll";
        if (on == machine::coarse_epoll) return "epoll_in_milliseconds";
        if (on == machine::io_uring) return "io_uring";
        if (on == machine::narrow_io_uring) return "io_uring_of_one_entry";
        if (on == machine::old_io_uring) return "io_uring_before_6_1";
        if (!seed) return "simulator";
        return "simulator_seed_" + std::to_string(*seed) + (is_late ? "_with_latency" : "");
    }
    friend std::ostream& operator<<(std::ostream& out, const setup& s) { return out << s.name(); }
};

inline std::vector<setup> setups() {
    std::vector<setup> all{setup(machine::epoll), setup(machine::coarse_epoll),
                           setup(machine::simulated)};
    if (is_possible(driver_kind::io_uring))
        for (const machine ring :
             {machine::io_uring, machine::narrow_io_uring, machine::old_io_uring})
            all.emplace_back(ring);
    for (const std::uint64_t seed : seeds(6)) {
        all.emplace_back(seed, false);
        all.emplace_back(seed, true);
    }
    return all;
}

/// For `INSTANTIATE_TEST_SUITE_P`.
constexpr auto setup_name = [](const auto& tested) { return tested.param.name(); };

/// A driver with one pipe.
class driver_contract : public ::testing::TestWithParam<setup> {
protected:
    std::optional<seeded_oracle> oracle_;
    std::unique_ptr<driver> driver_ = make();
    world world_{*driver_};
    std::array<int, 2> pipe_ = driver_->open_pipe();
    int in_ = pipe_[0];
    int out_ = pipe_[1];

    void TearDown() override {
        for (const int end : pipe_) driver_->close(end);
    }

    void fill() { world_.write_all(out_, std::string(pipe_bytes, 'x')); }

private:
    std::unique_ptr<driver> make() {
        using namespace std::chrono_literals;
        switch (GetParam().on) {
            case machine::epoll: return make_driver(driver_kind::epoll);
            case machine::coarse_epoll: {
                auto coarse = std::make_unique<driver_epoll>();
                coarse->set_coarse(true);
                return coarse;
            }
            case machine::io_uring: return make_driver(driver_kind::io_uring);
            case machine::narrow_io_uring: return std::make_unique<driver_uring>(1);
            case machine::old_io_uring: return std::make_unique<driver_uring>(256, false);
            case machine::simulated: break;
        }
        if (GetParam().seed) oracle_.emplace(*GetParam().seed);
        auto simulated = std::make_unique<simulator>(oracle_ ? &*oracle_ : nullptr);
        if (GetParam().is_late) simulated->latency(10us, 5ms);
        return simulated;
    }
};

}  // namespace weft::testing
