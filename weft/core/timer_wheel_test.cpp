#include "weft/core/timer_wheel.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <initializer_list>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::clock;
using weft::detail::timer;
using weft::detail::timer_wheel;
using weft::detail::wait_kind;
using weft::detail::waiter;

/// A timer that notes its number when it expires, and then does what it was told.
struct noting_timer : timer {
    noting_timer(std::vector<int>& l, int n) noexcept : timer(kind_of_it), log(&l), number(n) {}

    static void expire(waiter& w) noexcept {
        auto& self = static_cast<noting_timer&>(w);
        self.log->push_back(self.number);
        if (self.then) self.then();
    }
    static constexpr wait_kind kind_of_it{"test", nullptr, &expire};

    std::vector<int>* log;
    int number;
    std::function<void()> then;
};

/// An oracle that takes the last of everything, and remembers how much there was.
struct last_one final : weft::oracle {
    std::size_t choose(weft::choice what, std::size_t n) noexcept override {
        EXPECT_EQ(what, weft::choice::timer);
        EXPECT_GE(n, 2u);
        asked.push_back(n);
        return n - 1;
    }
    std::vector<std::size_t> asked;
};

/// One that takes the first, as nobody does.
struct first_one final : weft::oracle {
    std::size_t choose(weft::choice, std::size_t) noexcept override { return 0; }
};

constexpr clock::time_point begin{clock::duration(1'000'000'007)};

struct timer_wheel_test : testing::Test {
    timer_wheel wheel{begin};
    std::vector<int> log;
    std::deque<noting_timer> timers;

    noting_timer& make() { return timers.emplace_back(log, static_cast<int>(timers.size())); }
    noting_timer& start(clock::duration after) {
        noting_timer& t = make();
        wheel.start(t, begin + after);
        return t;
    }
    std::size_t expire(clock::duration after, weft::oracle* choices = nullptr) {
        return wheel.expire(begin + after, choices);
    }
    ~timer_wheel_test() override {
        for (noting_timer& t : timers) wheel.cancel(t);
        EXPECT_TRUE(wheel.empty());
        EXPECT_EQ(wheel.nearest(), clock::never);
    }
};

using ints = std::vector<int>;

TEST_F(timer_wheel_test, an_empty_wheel_has_nothing_to_wait_for) {
    EXPECT_TRUE(wheel.empty());
    EXPECT_EQ(wheel.nearest(), clock::never);
    EXPECT_EQ(expire(1h), 0u);
}

TEST_F(timer_wheel_test, a_timer_expires_at_its_deadline_and_not_a_nanosecond_before) {
    for (const clock::duration after : {1ns, 2ns, 63ns, 64ns, 65ns, 4095ns, 4096ns, 65536ns}) {
        timer_wheel fresh(begin);
        ints expired;
        noting_timer t(expired, 1);
        fresh.start(t, begin + after);
        EXPECT_TRUE(t.armed());
        EXPECT_EQ(t.deadline(), begin + after);
        EXPECT_EQ(fresh.expire(begin + after - 1ns, nullptr), 0u);
        EXPECT_EQ(fresh.expire(begin + after, nullptr), 1u);
        EXPECT_FALSE(t.armed());
        EXPECT_EQ(expired, ints{1});
    }
}

TEST_F(timer_wheel_test, timers_expire_in_the_order_of_their_deadlines) {
    for (const clock::duration after :
         std::initializer_list<clock::duration>{5ms, 1ms, 3h, 2ms, 70000ns, 1s})
        start(after);
    EXPECT_EQ(wheel.size(), 6u);
    EXPECT_EQ(expire(4h), 6u);
    EXPECT_EQ(log, (ints{4, 1, 3, 0, 5, 2}));
}

TEST_F(timer_wheel_test, a_nanosecond_decides_the_order_however_late_expire_is_called) {
    start(1s + 2ns);
    start(1s + 1ns);
    start(1s + 3ns);
    start(1s);
    EXPECT_EQ(expire(2s), 4u);
    EXPECT_EQ(log, (ints{3, 1, 0, 2}));
}

TEST_F(timer_wheel_test, equal_deadlines_expire_in_the_order_of_their_start) {
    for (int i = 0; i < 100; ++i) start(5ms);
    expire(5ms);
    ints expected(100);
    for (int i = 0; i < 100; ++i) expected[i] = i;
    EXPECT_EQ(log, expected);
}

TEST_F(timer_wheel_test, equal_deadlines_keep_their_order_when_started_from_far_and_near) {
    start(10s);
    expire(9s);
    start(10s);
    expire(9999ms);
    start(10s);
    expire(10s - 1ns);
    start(10s);
    expire(10s);
    EXPECT_EQ(log, (ints{0, 1, 2, 3}));
}

TEST_F(timer_wheel_test, deadlines_that_have_passed_expire_with_the_next_call_and_in_order) {
    start(1ms);
    expire(1s);
    start(3ms);
    start(2ms);
    start(1s);
    start(2ms);
    start(-5h);
    noting_timer& first = make();
    wheel.start(first, clock::time_point::min());
    EXPECT_EQ(wheel.nearest(), clock::time_point::min());
    EXPECT_EQ(expire(1s), 6u);
    EXPECT_EQ(log, (ints{0, 6, 5, 2, 4, 1, 3}));
}

TEST_F(timer_wheel_test, time_does_not_go_back) {
    start(1ms);
    start(3ms);
    EXPECT_EQ(expire(2ms), 1u);
    EXPECT_EQ(expire(-1h), 0u);
    start(2ms);
    EXPECT_EQ(expire(1ms), 1u) << "2 ms have been reached";
    EXPECT_EQ(log, (ints{0, 2}));
}

TEST_F(timer_wheel_test, the_oracle_orders_equal_deadlines_only) {
    for (int i = 0; i < 3; ++i) start(5ms);
    start(6ms);
    start(4ms);
    last_one choices;
    EXPECT_EQ(expire(1s, &choices), 5u);
    EXPECT_EQ(choices.asked, (std::vector<std::size_t>{3, 2}));
    EXPECT_EQ(log.front(), 4);
    EXPECT_EQ(log[1], 2) << "the last of three";
    EXPECT_EQ(log.back(), 3);
    EXPECT_TRUE(std::is_permutation(log.begin() + 1, log.end() - 1, ints{0, 1, 2}.begin()));
}

TEST_F(timer_wheel_test, an_oracle_that_takes_the_first_changes_nothing) {
    for (int i = 0; i < 10; ++i) start(5ms);
    first_one choices;
    expire(5ms, &choices);
    EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

TEST_F(timer_wheel_test, a_cancelled_timer_does_not_expire) {
    noting_timer& near = start(10ns);
    start(10ns);
    noting_timer& far = start(24h);
    noting_timer& late = start(-1s);
    for (noting_timer* t : {&near, &far, &late, &near}) wheel.cancel(*t);
    EXPECT_FALSE(near.armed());
    EXPECT_EQ(wheel.size(), 1u);
    EXPECT_EQ(expire(48h), 1u);
    EXPECT_EQ(log, ints{1});
}

TEST_F(timer_wheel_test, a_timer_may_be_cancelled_after_it_has_moved_down) {
    noting_timer& t = start(1s + 5ns);
    start(1s + 6ns);
    expire(999ms);
    expire(1s);
    wheel.cancel(t);
    EXPECT_EQ(wheel.nearest(), begin + 1s + 6ns);
    EXPECT_EQ(expire(2s), 1u);
    EXPECT_EQ(log, ints{1});
}

TEST_F(timer_wheel_test, a_timer_may_cancel_others_that_are_due_in_the_same_call) {
    noting_timer& canceller = start(1ms);
    noting_timer& equal = start(1ms);
    noting_timer& later = start(2ms);
    start(3ms);
    noting_timer& far = start(1h);
    canceller.then = [&] {
        for (noting_timer* t : {&equal, &later, &far, &canceller}) wheel.cancel(*t);
    };
    EXPECT_EQ(expire(10ms), 2u);
    EXPECT_EQ(log, (ints{0, 3}));
    EXPECT_TRUE(wheel.empty());
}

TEST_F(timer_wheel_test, a_timer_may_cancel_equal_ones_that_the_oracle_has_arranged) {
    noting_timer& one = start(1ms);
    noting_timer& two = start(1ms);
    one.then = [&] { wheel.cancel(two); };
    two.then = [&] { wheel.cancel(one); };
    last_one choices;
    EXPECT_EQ(expire(1ms, &choices), 1u);
    EXPECT_EQ(log, ints{1});
}

TEST_F(timer_wheel_test, what_is_started_meanwhile_with_a_passed_deadline_waits_for_the_next_call) {
    noting_timer& t = start(1ms);
    noting_timer& other = make();
    t.then = [&] {
        wheel.start(t, begin);
        wheel.start(other, begin + 2ms);
    };
    start(5ms);
    EXPECT_EQ(expire(10ms), 2u);
    EXPECT_EQ(log, (ints{0, 2}));
    t.then = nullptr;
    EXPECT_LE(wheel.nearest(), begin);
    EXPECT_EQ(expire(10ms), 2u);
    EXPECT_EQ(log, (ints{0, 2, 0, 1}));
}

TEST_F(timer_wheel_test, a_timer_may_start_itself_again) {
    noting_timer& t = start(1ms);
    auto next = 1ms;
    t.then = [&] { wheel.start(t, begin + (next += 1ms)); };
    for (auto now = 0ms; now <= 100ms; ++now) expire(now);
    EXPECT_EQ(log.size(), 100u);
    EXPECT_EQ(wheel.nearest(), begin + 101ms);
}

TEST_F(timer_wheel_test, time_may_jump_by_years) {
    constexpr auto year = 365 * 24h;
    start(50 * year);
    start(100 * year + 1ns);
    start(1ns);
    EXPECT_EQ(expire(100 * year), 2u);
    EXPECT_EQ(wheel.nearest(), begin + 100 * year + 1ns);
    EXPECT_EQ(expire(200 * year), 1u);
    EXPECT_EQ(log, (ints{2, 0, 1}));
}

TEST_F(timer_wheel_test, a_timer_at_never_counts_but_does_not_expire) {
    noting_timer& t = make();
    wheel.start(t, clock::never);
    noting_timer& almost = make();
    wheel.start(almost, clock::never - 1ns);
    EXPECT_EQ(wheel.size(), 2u);
    EXPECT_EQ(wheel.nearest(), clock::never - 1ns);
    EXPECT_EQ(wheel.expire(clock::never, nullptr), 1u);
    EXPECT_EQ(log, ints{1});
    EXPECT_EQ(wheel.size(), 1u);
    EXPECT_EQ(wheel.nearest(), clock::never);
    wheel.cancel(t);
    EXPECT_TRUE(wheel.empty());
}

TEST(timer_wheel, time_may_be_negative) {
    timer_wheel wheel(clock::time_point::min());
    ints log;
    noting_timer before(log, 1);
    noting_timer after(log, 2);
    noting_timer at_zero(log, 3);
    wheel.start(after, clock::time_point(1ns));
    wheel.start(at_zero, clock::time_point());
    wheel.start(before, clock::time_point(-1ns));
    EXPECT_EQ(wheel.expire(clock::time_point(-2ns), nullptr), 0u);
    EXPECT_EQ(wheel.nearest(), clock::time_point(-1ns));
    EXPECT_EQ(wheel.expire(clock::time_point(-1ns), nullptr), 1u);
    EXPECT_EQ(wheel.expire(clock::time_point(1ns), nullptr), 2u);
    EXPECT_EQ(log, (ints{1, 3, 2}));
}

TEST(timer_wheel, a_wheel_that_goes_disarms_its_timers) {
    ints log;
    noting_timer near(log, 0);
    noting_timer far(log, 1);
    noting_timer late(log, 2);
    noting_timer never(log, 3);
    {
        timer_wheel wheel(begin);
        wheel.start(near, begin + 1ns);
        wheel.start(far, begin + 1000h);
        wheel.start(late, begin);
        wheel.start(never, clock::never);
    }
    for (const noting_timer* t : {&near, &far, &late, &never}) EXPECT_FALSE(t->armed());
}

TEST_F(timer_wheel_test, nearest_is_exact_while_few_timers_are_near_each_other) {
    noting_timer& far = start(1h);
    EXPECT_EQ(wheel.nearest(), begin + 1h);
    noting_timer& near = start(1ms);
    EXPECT_EQ(wheel.nearest(), begin + 1ms);
    wheel.cancel(near);
    EXPECT_EQ(wheel.nearest(), begin + 1h);
    start(1h + 1ns);
    wheel.cancel(far);
    EXPECT_EQ(wheel.nearest(), begin + 1h + 1ns);
}

TEST_F(timer_wheel_test, nearest_comes_nearer_in_a_few_calls_however_many_timers_there_are) {
    for (int i = 0; i < 100'000; ++i) start(1h + i * 1us);
    int calls = 0;
    for (;; ++calls) {
        const clock::time_point t = wheel.nearest();
        ASSERT_LE(t, begin + 1h);
        if (t == begin + 1h) break;
        ASSERT_EQ(wheel.expire(t, nullptr), 0u);
    }
    EXPECT_LE(calls, 11);
    EXPECT_EQ(wheel.expire(begin + 1h, nullptr), 1u);
    EXPECT_EQ(wheel.nearest(), begin + 1h + 1us);
}

TEST_F(timer_wheel_test, a_million_equal_deadlines_are_no_burden) {
    constexpr std::size_t count = 1'000'000;
    for (std::size_t i = 0; i < count; ++i) start(1s);
    expire(1s - 1ns);
    EXPECT_EQ(wheel.nearest(), begin + 1s);
    last_one choices;
    EXPECT_EQ(expire(1s, &choices), count);
    EXPECT_EQ(log.front(), static_cast<int>(count) - 1);
    EXPECT_EQ(choices.asked.size(), count - 1);
}

TEST_F(timer_wheel_test, a_million_deadlines_within_a_few_microseconds_are_no_burden) {
    constexpr std::size_t count = 1'000'000;
    std::mt19937 random(1);
    for (std::size_t i = 0; i < count; ++i) start(clock::duration(random() % 65536));
    std::size_t expired = 0;
    for (clock::duration now = 0ns; now < 70us; now += 100ns) {  // each starts one more
        noting_timer& another = start(now + 200ns);
        expired += expire(now);
        if (another.armed()) wheel.cancel(another);
    }
    EXPECT_EQ(expired, count);
    EXPECT_TRUE(std::is_sorted(log.begin(), log.end(), [&](int a, int b) {
        const auto& one = timers[static_cast<std::size_t>(a)];
        const auto& two = timers[static_cast<std::size_t>(b)];
        return one.deadline() < two.deadline() || (one.deadline() == two.deadline() && a < b);
    }));
}

/// The wheel beside the simplest thing that does the same.
class comparison {
public:
    explicit comparison(unsigned seed) : random_(seed) {
        for (int i = 0; i < 500; ++i) {
            timers_.push_back(std::make_unique<noting_timer>(log_, i));
            where_.push_back(model_.end());
        }
    }
    ~comparison() {
        for (auto& t : timers_) wheel_.cancel(*t);
    }

    void step() {
        const auto what = random_() % 10;
        const std::size_t i = random_() % timers_.size();
        if (what < 5 && where_[i] == model_.end()) {
            start(i);
        } else if (what < 7) {
            wheel_.cancel(*timers_[i]);
            if (where_[i] != model_.end()) model_.erase(where_[i]);
            where_[i] = model_.end();
        } else {
            expire();
        }
        ASSERT_EQ(wheel_.size(), model_.size());
        if (random_() % 2 == 0) compare_nearest();
    }

private:
    /// From nanoseconds to years, and now and then something that others have had.
    clock::duration some_time() {
        const auto scale = std::int64_t{1} << (random_() % (random_() % 20 == 0 ? 56 : 34));
        return clock::duration(static_cast<std::int64_t>(random_() >> 1) % scale);
    }

    void start(std::size_t i) {
        clock::time_point deadline = now_ + some_time() - 20ns;
        if (random_() % 4 == 0) deadline = timers_[random_() % timers_.size()]->deadline();
        wheel_.start(*timers_[i], deadline);
        where_[i] = model_.emplace(deadline, static_cast<int>(i));
    }

    void expire() {
        now_ = random_() % 4 == 0 && !model_.empty() ? std::max(now_, model_.begin()->first)
                                                     : weft::saturating_add(now_, some_time() / 8);
        ints expected;
        while (!model_.empty() && model_.begin()->first <= now_) {
            expected.push_back(model_.begin()->second);
            where_[static_cast<std::size_t>(expected.back())] = model_.end();
            model_.erase(model_.begin());
        }
        log_.clear();
        ASSERT_EQ(wheel_.expire(now_, nullptr), expected.size());
        ASSERT_EQ(log_, expected);
    }

    void compare_nearest() {
        const clock::time_point nearest = wheel_.nearest();
        if (model_.empty()) {
            ASSERT_EQ(nearest, clock::never);
            return;
        }
        ASSERT_LE(nearest, model_.begin()->first);
        if (nearest != model_.begin()->first) {
            ASSERT_GT(model_.size(), timer_wheel::scan_max);
        }
    }

    std::mt19937_64 random_;
    clock::time_point now_ = begin;
    timer_wheel wheel_{begin};
    ints log_;
    std::vector<std::unique_ptr<noting_timer>> timers_;
    std::multimap<clock::time_point, int> model_;
    std::vector<std::multimap<clock::time_point, int>::iterator> where_;
};

TEST(timer_wheel, does_what_a_sorted_map_would_do) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        comparison both(seed);
        for (int i = 0; i < 50'000 && !testing::Test::HasFatalFailure(); ++i) both.step();
    }
}

}  // namespace
