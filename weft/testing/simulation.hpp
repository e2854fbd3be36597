#pragma once

#include "weft/base/export.hpp"
#include "weft/core/run.hpp"
#include "weft/testing/seeded_oracle.hpp"
#include "weft/testing/simulator.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

/// Running a program in a simulated world.
namespace weft::testing {

/// One simulated run: a seed decides the order of everything, and time is virtual.
///
/// ```cpp fragment
/// weft::testing::simulation world(7);
/// const int n = world.run([] {
///     weft::await(weft::sleep(std::chrono::hours(1)));  // takes no time
///     return 3;
/// });
/// ```
class WEFT_EXPORT simulation {
public:
    explicit simulation(std::uint64_t seed, options how = options());
    simulation(const simulation&) = delete;
    simulation& operator=(const simulation&) = delete;

    /// How long operations take; see `simulator::latency`.
    simulation& latency(clock::duration min, clock::duration max) noexcept {
        latency_min_ = min;
        latency_max_ = max;
        return *this;
    }
    /// How the network behaves; see `network_options`. While it runs too.
    simulation& network(const network_options& how);
    /// How many descriptors may be open at once; see `simulator::descriptor_limit`.
    simulation& descriptor_limit(std::size_t most) noexcept {
        descriptor_limit_ = most;
        return *this;
    }

    // Of the world that runs now; see `simulator`. They throw `usage_error` when none does.
    void partition(std::string_view host) { running().partition(host); }
    void heal(std::string_view host) { running().heal(host); }
    void heal_all() { running().heal_all(); }
    void reset_all() { running().reset_all(); }

    /// As `weft::run`.
    template <class F>
    decltype(auto) run(F&& fn, std::source_location at = std::source_location::current()) {
        return weft::run(how_, std::forward<F>(fn), at);
    }
    template <class F, class A, class... More>
    decltype(auto) run(F&& fn, A&& a, More&&... more) {
        return weft::run(how_, std::forward<F>(fn), std::forward<A>(a),
                         std::forward<More>(more)...);
    }
    [[nodiscard]] seeded_oracle& choices() noexcept { return oracle_; }

private:
    [[nodiscard]] sim_network& running() const;

    seeded_oracle oracle_;
    clock::duration latency_min_{0};
    clock::duration latency_max_{0};
    std::size_t descriptor_limit_ = SIZE_MAX;
    network_options network_;
    std::weak_ptr<sim_network> running_;
    options how_;
};

/// Calls `run(how, name)` with options for a loop on each driver that works on this machine, but
/// not where `WEFT_SEED` asks for a simulated world.
template <class Run>
void on_real_drivers(Run run) {
    if (seeds(2).size() == 1) return;
    const auto on = [&run](driver_kind kind, const char* name) {
        if (is_possible(kind))
            run(options().watchdog({}).driver([kind] { return make_driver(kind); }), name);
    };
    on(driver_kind::epoll, "epoll");
    on(driver_kind::io_uring, "io_uring");
}

/// Runs `fn()` on each driver of this machine, and in a simulated world for each of `seeds(count)`;
/// what it throws comes through, with the seed on standard error. `fn` is called anew each time,
/// and a test library that collects failures asks `failed` after each: the seed of the first is
/// printed and the rest are left out.
template <class F, class Failed>
void on_every_loop(F fn, Failed failed, std::size_t count = 20) {
    struct report {
        const char* variable;
        std::string value;
        bool finished = false;
        ~report() {
            if (!finished) std::fprintf(stderr, "failed with %s=%s\n", variable, value.c_str());
        }
    };
    on_real_drivers([&](const options& how, const char* name) {
        if (failed()) return;
        report at_end{"WEFT_DRIVER", name};
        weft::run(how, fn);
        at_end.finished = !failed();
    });
    for (const std::uint64_t seed : seeds(count)) {
        if (failed()) return;
        report at_end{"WEFT_SEED", std::to_string(seed)};
        simulation world(seed);
        world.latency(clock::duration(0), std::chrono::milliseconds(2));
        world.run(fn);
        at_end.finished = !failed();
    }
}

}  // namespace weft::testing
