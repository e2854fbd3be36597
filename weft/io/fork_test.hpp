#pragma once

#include "weft/testing/driver_test.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

/// A driver in a child of fork.
namespace weft::testing {

/// What the child finds; 0 when all is as it should be.
inline int look_around(driver& parents_own, request& parents, const std::array<int, 2>& ends) {
    request mine(operation_code::readable, ends[0]);
    if (parents_own.submit(mine) != submission::done || mine.result != -EBADF) return 1;
    if (!parents_own.is_stuck()) return 2;
    parents_own.wake();
    parents_own.park(clock::never);
    parents_own.park(parents_own.now() + std::chrono::milliseconds(1));
    parents_own.cancel(parents);
    parents_own.park(clock::time_point::min());
    if (parents.completions != 0) return 3;
    if (parents_own.close(ends[0]) != 0 || parents.completions != 0) return 4;
    if (parents_own.adopt(ends[1]) != -EBADF) return 5;
    try {
        static_cast<void>(parents_own.open_pipe());
        return 6;
    } catch (const std::system_error&) {}
    return 0;
}

/// Forks while somebody reads: the child leaves the parent's world alone, and a driver of its own
/// works; the parent's read is still there.
template <class Driver>
void expect_a_child_leaves_its_parent_alone() {
    auto driver = std::make_unique<Driver>();
    world parents(*driver);
    const auto ends = driver->open_pipe();
    std::string bytes(8, '\0');
    request waiter(operation_code::read, ends[0], bytes);
    ASSERT_FALSE(parents.start(waiter).done_at_once);
    parents.poll();
    const pid_t child = ::fork();
    if (child == 0) {
        const int found = look_around(*driver, waiter, ends);
        driver.reset();
        Driver own;
        world own_world(own);
        const auto own_ends = own.open_pipe();
        const bool works = own_world.write_some(own_ends[1], "x") == 1 &&
                           own_world.run(operation_code::readable, own_ends[0]) == 0 &&
                           !own.is_stuck();
        ::_exit(found != 0 ? found : works ? 0 : 7);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << WEXITSTATUS(status);
    EXPECT_FALSE(driver->is_stuck());
    parents.poll();
    EXPECT_FALSE(waiter.is_complete());
    EXPECT_EQ(parents.write_some(ends[1], "parent"), 6);
    EXPECT_EQ(parents.finish(waiter), 6);
    EXPECT_EQ(bytes.substr(0, 6), "parent");
    for (const int end : ends) driver->close(end);
}

}  // namespace weft::testing
