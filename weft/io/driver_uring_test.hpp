#pragma once

#include "weft/io/driver_uring.hpp"
#include "weft/testing/driver_test.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

/// What the tests of driver_uring share.
namespace weft::testing {

/// Skips its tests, and says why, where there is no io_uring.
class uring_fixture : public ::testing::Test {
protected:
    void SetUp() override {
        if (!is_possible(driver_kind::io_uring)) GTEST_SKIP() << why_no_io_uring();
        make(256);
    }
    void make(unsigned entries, bool may_be_exclusive = true) {
        world_.reset();
        driver_ = std::make_unique<driver_uring>(entries, may_be_exclusive);
        world_.emplace(*driver_);
    }
    /// The kernel has what is pending.
    void give() { world_->poll(); }

    /// Two connected sockets of the driver.
    std::array<int, 2> open_pair(int type = SOCK_STREAM) {
        std::array<int, 2> ends{};
        EXPECT_EQ(driver_->sockets().open_pair(AF_UNIX, type, ends), 0);
        return ends;
    }
    void close(const std::array<int, 2>& ends) {
        for (const int end : ends) driver_->close(end);
    }

    std::unique_ptr<driver_uring> driver_;
    std::optional<world> world_;
};

/// A pipe that the driver has not seen; its numbers are the lowest free ones.
inline std::array<int, 2> foreign_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    return ends;
}

inline void close_foreign(const std::array<int, 2>& ends) {
    for (const int end : ends) ::close(end);
}

}  // namespace weft::testing
