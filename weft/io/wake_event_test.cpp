#include "weft/io/wake_event.hpp"

#include <cerrno>
#include <csignal>
#include <gtest/gtest.h>

namespace {

using weft::detail::wake_event;

TEST(wake_event, signals_to_an_owner_who_does_not_wait_cost_no_system_call) {
    wake_event wake;
    for (int i = 0; i < 10; ++i) wake.signal();
    EXPECT_EQ(wake.writes(), 0u);
    EXPECT_TRUE(wake.is_signalled());
    EXPECT_FALSE(wake.arm()) << "it must not wait";
    EXPECT_TRUE(wake.take());
    EXPECT_FALSE(wake.take());
    EXPECT_TRUE(wake.arm());
    EXPECT_FALSE(wake.take());
}

TEST(wake_event, signals_to_an_owner_who_waits_are_one_write) {
    wake_event wake;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        ASSERT_TRUE(wake.arm());
        for (int i = 0; i < 10; ++i) wake.signal();
        EXPECT_EQ(wake.writes(), round);
        EXPECT_TRUE(wake.take());
    }
}

TEST(wake_event, leaves_errno_alone) {
    wake_event wake;
    ASSERT_TRUE(wake.arm());
    errno = 12345;
    wake.signal();
    EXPECT_EQ(errno, 12345);
}

}  // namespace
