#include "weft/base/counted_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/sleep.hpp"
#include "weft/machine/sanitizer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::await;
using weft::clock;
using weft::sleep;
using weft::sleep_until;
using weft::task;
using weft::testing::simulator;
using namespace std::chrono_literals;

/// Counts how often the loop waits, and until when.
class counting_parks final : public weft::driver {
public:
    explicit counting_parks(std::vector<clock::time_point>& parks) : parks_(parks) {}
    [[nodiscard]] const char* name() const noexcept override { return world_.name(); }
    [[nodiscard]] weft::submission submit(weft::operation& op) noexcept override {
        return world_.submit(op);
    }
    void cancel(weft::operation& op) noexcept override { world_.cancel(op); }
    void park(clock::time_point deadline) noexcept override {
        if (deadline != clock::time_point::min()) parks_.push_back(deadline);
        world_.park(deadline);
    }
    void wake() noexcept override { world_.wake(); }
    [[nodiscard]] clock::time_point now() noexcept override { return world_.now(); }
    [[nodiscard]] bool is_stuck() const noexcept override { return world_.is_stuck(); }
    [[nodiscard]] std::array<int, 2> open_pipe() override { return world_.open_pipe(); }
    int adopt(int descriptor) noexcept override { return world_.adopt(descriptor); }
    int close(int descriptor) noexcept override { return world_.close(descriptor); }

private:
    simulator world_;
    std::vector<clock::time_point>& parks_;
};

/// A loop on a virtual clock, where what is first comes first.
weft::options first_come(std::vector<clock::time_point>& parks) {
    return weft::options().watchdog({}).driver(
        [&parks] { return std::make_unique<counting_parks>(parks); });
}

/// A sanitizer makes each of them dear.
constexpr std::size_t million = WEFT_ASAN || WEFT_TSAN ? 20'000 : 1'000'000;

task<> sleep_and_count(clock::time_point until, std::size_t& awake) {
    co_await sleep_until(until);
    EXPECT_GE(clock::now(), until);
    ++awake;
}

TEST(timers, a_million_sleep_at_once) {
    std::vector<clock::time_point> parks;
    weft::run(first_come(parks), [] {
        std::size_t awake = 0;
        const auto begin = clock::now();
        // Each at one of a thousand times, in an order that is none.
        for (std::size_t i = 0; i < million; ++i)
            weft::spawn(sleep_and_count(begin + 1ms * (1 + i * 7919 % 1000), awake)).detach();
        await(sleep_until(begin + 500ms));
        await(weft::yield_now());
        EXPECT_EQ(awake, million / 2);
        await(sleep_until(begin + 1000ms));
        await(weft::yield_now());
        EXPECT_EQ(awake, million);
    });
    // One for each time, and where many share a slot of the wheel, as they do here, one for each of
    // its levels: the wheel then knows a bound and not the time (timer_wheel::scan_max).
    EXPECT_LE(parks.size(), 3 * 1000u + 10u);
}

TEST(timers, a_million_sleepers_are_cancelled_at_once) {
    std::vector<clock::time_point> parks;
    using witness = weft::testing::counted<struct of_sleepers>;
    witness::reset();
    weft::run(first_come(parks), [] {
        const auto body = []() -> task<> {
            const witness w;
            co_await sleep(24h);
        };
        for (std::size_t i = 0; i < million; ++i) weft::spawn(body()).detach();
        while (witness::now.live < static_cast<int>(million)) await(weft::yield_now());
    });
    EXPECT_EQ(witness::now.live, 0);
    EXPECT_TRUE(parks.empty()) << "nobody waited";
}

TEST(timers, of_the_same_time_expire_in_the_order_of_their_start) {
    std::vector<clock::time_point> parks;
    for (const bool as_fibers : {false, true}) {
        weft::run(first_come(parks), [&] {
            std::vector<int> order;
            std::vector<weft::join_handle<void>> all;
            const auto when = clock::now() + 1s;
            for (int i = 0; i < 100; ++i) {
                const auto note = [&order, when](int n) -> task<> {
                    co_await sleep_until(when);
                    order.push_back(n);
                };
                const auto note_in_fiber = [&order, when](int n) {
                    await(sleep_until(when));
                    order.push_back(n);
                };
                if (as_fibers)
                    all.push_back(weft::spawn(note_in_fiber, i));
                else
                    all.push_back(weft::spawn(note, i));
            }
            for (auto& h : all) await(h);
            ASSERT_EQ(order.size(), 100u);
            for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
        });
    }
}

TEST(timers, of_different_times_expire_in_their_order) {
    weft::testing::on_every_loop([] {
        std::vector<int> order;
        std::vector<weft::join_handle<void>> all;
        const auto begin = clock::now();
        for (const int n : {5, 3, 9, 1, 7})
            all.push_back(weft::spawn(
                [&order, begin](int ms) {
                    await(sleep_until(begin + ms * 1ms));
                    order.push_back(ms);
                },
                n));
        for (auto& h : all) await(h);
        // Those that had expired when the loop woke may run in any order in a simulated world; but
        // there time stands still in between.
        if (weft::detail::this_scheduler().world().name() == std::string("simulator")) {
            EXPECT_THAT(order, ElementsAre(1, 3, 5, 7, 9));
        }
    });
}

TEST(timers, the_nearest_bounds_the_wait_and_nobody_wakes_early) {
    std::vector<clock::time_point> parks;
    clock::time_point begin;
    weft::run(first_come(parks), [&begin] {
        begin = clock::now();
        std::vector<weft::join_handle<void>> all;
        for (const int n : {300, 100, 200})
            all.push_back(weft::spawn([](int s) { await(sleep(s * 1s)); }, n));
        for (auto& h : all) await(h);
    });
    EXPECT_THAT(parks, ElementsAre(begin + 100s, begin + 200s, begin + 300s));
}

TEST(timers, of_which_the_nearest_is_cancelled_do_not_wake_the_loop_for_it) {
    std::vector<clock::time_point> parks;
    clock::time_point begin;
    weft::run(first_come(parks), [&begin] {
        begin = clock::now();
        auto near = weft::spawn([] { await(sleep(1s)); });
        auto far = weft::spawn([] { await(sleep(24h)); });
        weft::testing::until_it_waits(near);
        weft::testing::until_it_waits(far);
        near.cancel();
        await(near.join());
        await(far);
        EXPECT_EQ(clock::now() - begin, 24h);
    });
    EXPECT_THAT(parks, ElementsAre(begin + 24h));
}

TEST(timers, of_deadlines_that_were_kept_do_not_wake_the_loop) {
    std::vector<clock::time_point> parks;
    clock::time_point begin;
    weft::run(first_come(parks), [&begin] {
        begin = clock::now();
        for (int i = 0; i < 100; ++i) await(weft::with_timeout(1s, [] { return 1; }));
        await(sleep(1h));
    });
    EXPECT_THAT(parks, ElementsAre(begin + 1h));
}

TEST(timers, far_in_the_future_are_waited_for_in_one_go) {
    std::vector<clock::time_point> parks;
    weft::run(first_come(parks), [] {
        await(sleep(1h));
        await(sleep(24h * 365 * 100));
        await(sleep(1ns));
    });
    EXPECT_EQ(parks.size(), 3u);
}

TEST(timers, sleep_until_what_has_passed_lets_others_run_first) {
    weft::testing::on_every_loop([] {
        bool ran = false;
        auto other = weft::spawn([&ran] { ran = true; });
        for (int i = 0; i < 1000 && !ran; ++i) await(sleep(0s));
        EXPECT_TRUE(ran);
        await(sleep(-1h));
        await(sleep_until(clock::time_point::min()));
        await(other);
    });
}

}  // namespace
