#pragma once

#include "weft/base/counted_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/testing/seeded_oracle.hpp"
#include "weft/testing/simulator.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// Cancels a scenario at each of its awaits in turn (as SQLite fails each allocation in turn), and
/// checks each time that everything has ended and that nothing is lost.
namespace weft::testing {

/// When the blow falls.
enum class blow : std::uint8_t {
    between,  ///< before the kth resumption of anybody: all are suspended or ready
    within,   ///< by the one that runs, before its await: the kth call of `step`
};
/// Whom it hits.
enum class target : std::uint8_t { root, inner };

/// What a scenario runs on. Each coroutine calls `step()` before it awaits.
class proving_ground {
public:
    proving_ground(blow how, target whom, std::uint64_t at) noexcept
        : how_(how), whom_(whom), at_(at) {}

    void step() { count(blow::within); }
    void resumed() { count(blow::between); }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// The blow has hit somebody who lived.
    [[nodiscard]] bool hit() const noexcept { return hit_; }

    /// The coroutine that is joined, and another one, to be hit alone.
    detail::any_handle root;
    detail::any_handle inner;

    /// Begins the scenario as a coroutine of that kind and waits for its end.
    template <class Make>
    void run_root(coroutine_kind kind, Make make) {
        join(spawn_as(kind, std::move(make)));
    }
    /// The same with plain code, in a fiber.
    template <class F>
    void run_fiber(F f) {
        join(spawn(std::move(f)));
    }

private:
    template <class T>
    void join(join_handle<T> h) {
        root = h;
        await(h.join());
        if (h.successful() || h.was_cancelled()) return;
        ADD_FAILURE() << describe_exception(h.error());
    }
    void count(blow how) {
        if (how != how_ || ++count_ != at_) return;
        const detail::any_handle& h = whom_ == target::root ? root : inner;
        if (!h || h.ready()) return;
        hit_ = true;
        h.cancel();
    }

    blow how_;
    target whom_;
    std::uint64_t at_;
    std::uint64_t count_ = 0;
    bool hit_ = false;
};

/// What lives in frames and on stacks.
using witness = counted<struct of_cancellation_everywhere>;

namespace everywhere {

class telling_oracle final : public oracle {
public:
    telling_oracle(std::uint64_t seed, proving_ground& g) noexcept : chooses_(seed), ground_(g) {}
    std::size_t choose(choice what, std::size_t n) noexcept override {
        return chooses_.choose(what, n);
    }
    void resumed(std::uint64_t, clock::time_point) noexcept override { ground_.resumed(); }

private:
    seeded_oracle chooses_;
    proving_ground& ground_;
};

/// One run; gives the number of points in it where the blow could fall.
template <class Scenario>
std::uint64_t run_once(Scenario scenario, coroutine_kind kind, proving_ground& ground,
                       std::uint64_t seed) {
    witness::reset();
    const simulator* simulated = nullptr;
    telling_oracle oracle(seed, ground);
    options how;
    how.watchdog({}).grace(std::chrono::milliseconds(50)).choices(&oracle);
    how.driver([&] {
        auto made = std::make_unique<simulator>(&oracle);
        made->latency(clock::duration(0), std::chrono::milliseconds(2)).pipe_capacity(64);
        simulated = made.get();
        return made;
    });
    how.on_unhandled([](const std::exception_ptr& e, std::string_view who) {
        ADD_FAILURE() << who << ": " << describe_exception(e);
    });
    loop world(how);
    world.run([&] {
        const auto began = clock::now();
        scenario(ground, kind);
        EXPECT_EQ(detail::this_scheduler().live(), 1u) << "somebody was left running";
        EXPECT_LT(clock::now() - began, std::chrono::minutes(1)) << "somebody waited too long";
    });
    EXPECT_EQ(world.statistics().live(), 0u);
    EXPECT_EQ(world.statistics().timers(), 0u);
    EXPECT_EQ(witness::now.live, 0) << "objects were not destroyed";
    EXPECT_EQ(simulated->open_count(), 0u) << "descriptors were not closed";
    return ground.count();
}

}  // namespace everywhere

/// Runs `scenario(ground, kind)`, in a fiber of its own loop, first undisturbed, then with each
/// blow. It ends with nobody running but its caller.
template <class Scenario>
void cancel_everywhere(Scenario scenario) {
    int hits = 0;
    for (const std::uint64_t seed : seeds(4))
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber})
            for (const blow how : {blow::between, blow::within}) {
                proving_ground untouched(how, target::root, 0);
                const auto points = everywhere::run_once(scenario, kind, untouched, seed);
                EXPECT_GT(points, 0u);
                for (const target whom : {target::root, target::inner})
                    for (std::uint64_t k = 1; k <= points; ++k) {
                        SCOPED_TRACE(
                            std::string(kind == coroutine_kind::task ? "tasks" : "fibers") +
                            (whom == target::root ? ", root" : ", inner") +
                            (how == blow::between ? " at resumption " : " at await ") +
                            std::to_string(k) + " of " + std::to_string(points) +
                            ", WEFT_SEED=" + std::to_string(seed));
                        proving_ground ground(how, whom, k);
                        everywhere::run_once(scenario, kind, ground, seed);
                        hits += ground.hit() ? 1 : 0;
                        if (::testing::Test::HasFailure()) return;
                    }
            }
    EXPECT_GT(hits, 10);
}

}  // namespace weft::testing
