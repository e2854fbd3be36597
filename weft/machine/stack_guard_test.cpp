#include "weft/machine/stack_guard.hpp"

#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack.hpp"
#include "weft/machine/stack_pool.hpp"
#include "weft/machine/stack_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using weft::stack;
using weft::stack_guard;
using weft::stack_pool_stats;
using weft::testing::acquire_many;
using weft::testing::forced_guard;
using weft::testing::in_a_child;

bool has_canary(const stack& one) {
    return weft::detail::find_stack(one.limit())->has_canary;
}

TEST(stack_guard, the_kernel_decides_which_kind_is_in_force) {
    if (std::getenv("WEFT_STACK_GUARD") != nullptr) GTEST_SKIP() << "the environment decides";
    EXPECT_EQ(weft::stack_guard_in_force(),
              weft::kernel_installs_guards() ? stack_guard::install : stack_guard::mprotect);
    EXPECT_EQ(weft::mprotect_guards_max(), 16'000u);
}

TEST(stack_guard, the_kinds_have_names) {
    EXPECT_STREQ(weft::name_of(stack_guard::install), "install");
    EXPECT_STREQ(weft::name_of(stack_guard::mprotect), "mprotect");
    EXPECT_STREQ(weft::name_of(stack_guard::canary), "canary");
}

#if !WEFT_TSAN  // It maps memory of its own for ours.

std::size_t mappings() {
    std::ifstream maps("/proc/self/maps");
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

TEST(stack_guard, installed_guards_add_no_mappings) {
    if (!weft::kernel_installs_guards()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
    const forced_guard kind(stack_guard::install);
    const std::size_t before = mappings();
    const auto stacks = acquire_many(2000, 52 * 1024);
    for (const stack& one : stacks) ASSERT_FALSE(has_canary(one));
    EXPECT_LE(mappings(), before + 20);
}

#endif

TEST(stack_guard, stacks_beyond_the_configured_number_have_a_canary) {
    const std::size_t placed = stack_pool_stats().guards_mprotected;
    const std::size_t canaries = stack_pool_stats().canaries;
    const forced_guard kind(stack_guard::mprotect, placed + 100);
    const auto stacks = acquire_many(150, 56 * 1024);
    for (std::size_t i = 0; i < stacks.size(); ++i) ASSERT_EQ(has_canary(stacks[i]), i >= 100);
    EXPECT_EQ(stack_pool_stats().guards_mprotected, placed + 100);
    EXPECT_EQ(stack_pool_stats().canaries, canaries + 50);
}

TEST(stack_guard, without_room_for_a_guard_page_there_is_a_canary) {
    const stack mine = stack::acquire(60 * 1024, 0);
    EXPECT_TRUE(has_canary(mine));
    EXPECT_GE(mine.guard_size(), 4096u) << "for the canary";
    mine.check_canary();
}

TEST(stack_guard, a_canary_costs_no_page) {
    const forced_guard kind(stack_guard::canary);
    const stack mine = stack::acquire(64 * 1024);
    for (int i = 0; i < 3; ++i) mine.check_canary();
    EXPECT_EQ(mine.high_water(), 0u);
}

TEST(stack_guard, a_canary_that_is_written_to_dies) {
    const forced_guard kind(stack_guard::canary);
    for (const int below : {1, 8, 100, 511}) {
        EXPECT_DEATH(
            {
                stack mine = stack::acquire(68 * 1024);
                mine.set_name("the writer");
                static_cast<char*>(mine.limit())[-below] = 1;
                mine.check_canary();
                ::_exit(0);
            },
            "stack overflow in the writer\n.*perhaps some time ago\n  reserve more: 139264 bytes");
    }
}

TEST(stack_guard, a_guard_of_ordinary_memory_is_examined_as_a_whole_at_release) {
    const forced_guard kind(stack_guard::canary);
    EXPECT_DEATH(
        {
            {
                const stack mine = stack::acquire(68 * 1024);
                static_cast<char*>(mine.limit())[-30'000] = 1;
                mine.check_canary();  // too far away for it
            }
            ::_exit(0);
        },
        "stack overflow in a stack without a name");
}

TEST(stack_guard, stacks_that_were_made_under_another_kind_are_not_handed_out) {
    for (const auto kind : {stack_guard::mprotect, stack_guard::canary, stack_guard::mprotect}) {
        const forced_guard now(kind);
        const stack mine = stack::acquire(72 * 1024);
        ASSERT_EQ(has_canary(mine), kind == stack_guard::canary);
    }
}

#if !WEFT_ASAN && !WEFT_TSAN

/// Reads or writes just below the limit, in a child.
template <class Access>
int access_below(stack_guard kind, std::size_t below, Access access) {
    const forced_guard now(kind);
    return in_a_child([&] {
        ::close(2);
        const stack mine = stack::acquire(76 * 1024);
        access(static_cast<volatile char*>(mine.limit()) - below);
        return 0;
    });
}

TEST(stack_guard, guards_stop_reads_and_writes_in_all_of_their_bytes) {
    const auto read = [](volatile char* place) { static_cast<void>(*place); };
    const auto write = [](volatile char* place) { *place = 1; };
    for (const stack_guard kind : {stack_guard::install, stack_guard::mprotect}) {
        if (kind == stack_guard::install && !weft::kernel_installs_guards()) continue;
        for (const std::size_t below : {1, 5000, 65'536}) {
            EXPECT_EQ(access_below(kind, below, read), -SIGSEGV) << weft::name_of(kind) << below;
            EXPECT_EQ(access_below(kind, below, write), -SIGSEGV) << weft::name_of(kind) << below;
        }
    }
}

TEST(stack_guard, guards_hold_in_a_process_that_was_forked) {
    const forced_guard kind(weft::kernel_installs_guards() ? stack_guard::install
                                                           : stack_guard::mprotect);
    const stack mine = stack::acquire(80 * 1024);
    const int status = in_a_child([&] {
        ::close(2);
        *(static_cast<volatile char*>(mine.limit()) - 1) = 1;
        return 0;
    });
    EXPECT_EQ(status, -SIGSEGV);
}

/// A number of /proc/self/status, in KiB.
std::size_t status_kib(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key)) return std::stoul(line.substr(key.size()));
    return 0;
}

TEST(stack_million_slow, a_million_guarded_stacks_take_a_handful_of_mappings) {
    if (!weft::kernel_installs_guards()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
    constexpr std::size_t n = 1'000'000;
    const int status = in_a_child([] {
        const std::size_t lines = mappings();
        const std::size_t memory = status_kib("VmRSS:") + status_kib("VmPTE:");
        const auto stacks = acquire_many(n, weft::default_stack_bytes);
        for (const stack& one : stacks) weft::testing::use_deeply(one, 400);
        const std::size_t used = status_kib("VmRSS:") + status_kib("VmPTE:") - memory;
        if (mappings() > lines + 12) return 1;
        if (double(used) / double(n) > 4.75) return 2;
        for (std::size_t i = 0; i < n; i += 9973)
            if (has_canary(stacks[i])) return 3;
        return 0;
    });
    EXPECT_EQ(status, 0);
}

TEST(stack_million_slow, more_stacks_than_mappings_work_without_guards_of_the_kernel) {
    const int status = in_a_child([] {
        const forced_guard kind(stack_guard::mprotect);
        const auto stacks = acquire_many(100'000, 16 * 1024, 4096);
        for (const stack& one : stacks) weft::testing::use_deeply(one, 400);
        if (mappings() > 33'000) return 1;
        if (has_canary(stacks.front()) || !has_canary(stacks.back())) return 2;
        for (const stack& one : stacks) one.check_canary();
        return 0;
    });
    EXPECT_EQ(status, 0);
}

#endif

}  // namespace
