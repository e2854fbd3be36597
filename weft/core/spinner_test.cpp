#include "weft/core/spinner.hpp"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace {

using namespace std::chrono_literals;
using weft::detail::looks_in;
using weft::detail::spinner;

int looks(spinner& s) {
    int count = 0;
    EXPECT_FALSE(s.until([&count] {
        ++count;
        return false;
    }));
    return count;
}

TEST(spinner, is_bounded_and_looks_no_more_until_it_is_refilled) {
    spinner s(20us);
    const int first = looks(s);
    EXPECT_GT(first, 0);
    EXPECT_LE(first, static_cast<int>(looks_in(20us)));
    EXPECT_EQ(looks(s), 0);
    s.refill();
    EXPECT_EQ(looks(s), 0) << "it stays away once after a miss";
    s.refill();
    EXPECT_GT(looks(s), 0);
}

TEST(spinner, that_finds_nothing_looks_at_last_once_in_64_times) {
    spinner s(1us);
    int looked = 0;
    for (int i = 0; i < 1000; ++i) {
        looked += looks(s) > 0;
        s.refill();
    }
    EXPECT_GE(looked, 1000 / 64);
    EXPECT_LE(looked, 1000 / 64 + 8);
}

TEST(spinner, is_eager_again_after_a_hit) {
    spinner s(1us);
    looks(s);
    s.refill();
    looks(s);
    s.refill();
    EXPECT_TRUE(s.until([] { return true; }));
    EXPECT_TRUE(s.until([] { return true; }));
    EXPECT_GT(looks(s), 0);
}

TEST(spinner, of_no_time_never_looks) {
    spinner s(0ns);
    EXPECT_FALSE(s.until([] { return true; }));
    EXPECT_EQ(looks_in(0ns), 0u);
    EXPECT_GT(looks_in(1ms), looks_in(10us));
}

TEST(spinner, sees_what_another_thread_does) {
    std::atomic<bool> done = false;
    std::thread other([&done] { done = true; });
    spinner s(10s);
    EXPECT_TRUE(s.until([&done] { return done.load(); }));
    other.join();
}

}  // namespace
