#include "weft/machine/stack.hpp"

#include "weft/base/error.hpp"
#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack_test.hpp"

#include <cstdint>
#include <fstream>
#include <gtest/gtest.h>
#include <new>
#include <set>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using weft::stack;
using weft::testing::acquire_many;
using weft::testing::address_of;
using weft::testing::in_a_child;
using weft::testing::run_on;
using weft::testing::use_deeply;

TEST(stack, has_256_KiB_and_a_guard_of_64_unless_asked_otherwise) {
    const stack usual = stack::acquire();
    EXPECT_EQ(usual.size(), 256u * 1024);
    EXPECT_GE(usual.guard_size(), 64u * 1024);
    const stack small = stack::acquire(16 * 1024, 4096);
    EXPECT_EQ(small.size(), 16u * 1024);
    EXPECT_GE(small.guard_size(), 4096u);
    EXPECT_LE(small.guard_size(), 2 * 4096u);
}

TEST(stack, sizes_are_rounded_up_to_pages) {
    const stack odd = stack::acquire(10'000, 5'000);
    EXPECT_EQ(odd.size(), 12'288u);
    EXPECT_GE(odd.guard_size(), 8'192u);
}

TEST(stack, every_byte_from_the_limit_to_the_top_is_usable) {
    const stack mine = stack::acquire(32 * 1024);
    auto* const limit = static_cast<char*>(mine.limit());
    auto* const top = static_cast<char*>(mine.top());
    ASSERT_LT(limit, top);
    std::memset(limit, 0x5a, static_cast<std::size_t>(top - limit));
    EXPECT_GE(static_cast<std::size_t>(top - limit), mine.size() - 1024);
    EXPECT_EQ(*limit, 0x5a);
}

TEST(stack, tops_are_aligned_and_coloured_within_one_page) {
    const auto stacks = acquire_many(100);
    std::set<std::uintptr_t> colours;
    std::set<std::uintptr_t> pages;
    for (const stack& one : stacks) {
        const auto top = address_of(one.top());
        ASSERT_EQ(top % 16, 0u);
        ASSERT_LT(address_of(one.limit()) + one.size() - top, 1024u) << "modestly";
        colours.insert((top - 1) / 64 % 64);
        pages.insert((top - 1) / 4096 % 64);
    }
    EXPECT_EQ(colours.size(), 16u) << "cache sets";
    EXPECT_GE(pages.size(), 50u) << "sets of a TLB";
}

TEST(stack, neighbours_differ_in_colour) {
    const auto stacks = acquire_many(32, 24 * 1024);
    std::set<std::uintptr_t> colours;
    for (const stack& one : stacks) colours.insert(address_of(one.top()) % 4096);
    EXPECT_GE(colours.size(), 16u);
}

TEST(stack, stacks_and_their_guards_do_not_overlap) {
    const auto stacks = acquire_many(200, 40 * 1024);
    std::set<std::uintptr_t> limits;
    for (const stack& one : stacks) limits.insert(address_of(one.limit()));
    ASSERT_EQ(limits.size(), 200u);
    const std::size_t guard = stacks[0].guard_size();
    for (auto one = limits.begin(), next = std::next(one); next != limits.end(); ++one, ++next)
        ASSERT_GE(*next - guard, *one + stacks[0].size());
}

TEST(stack, is_moved_and_not_copied) {
    stack one = stack::acquire();
    const void* const top = one.top();
    stack two = std::move(one);
    EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): this is what is tested
    EXPECT_EQ(two.top(), top);
    two = stack::acquire();
    EXPECT_TRUE(two);
    two = stack();
    EXPECT_FALSE(two);
}

TEST(stack, runs_code) {
    const stack mine = stack::acquire();
    const void* inside = nullptr;
    run_on(mine, [&] { inside = __builtin_frame_address(0); });
    EXPECT_LT(inside, mine.top());
    EXPECT_GE(inside, mine.limit());
}

TEST(stack, its_high_water_is_the_deepest_byte_that_was_used) {
    const stack mine = stack::acquire(20 * 4096, 4096);  // of no other test
    EXPECT_EQ(mine.high_water(), 0u);
    use_deeply(mine, 100);
    EXPECT_NEAR(static_cast<double>(mine.high_water()), 100, 8);
    use_deeply(mine, 50'000);
    EXPECT_NEAR(static_cast<double>(mine.high_water()), 50'000, 8);
    use_deeply(mine, 200);
    EXPECT_NEAR(static_cast<double>(mine.high_water()), 50'000, 8) << "at most so far";
    std::memset(mine.limit(), 1, 1);
    EXPECT_GE(mine.high_water(), mine.size() - 1024);
}

TEST(stack, pages_that_were_only_read_do_not_raise_the_high_water) {
    const stack mine = stack::acquire(21 * 4096, 4096);
    use_deeply(mine, 300);
    const volatile char* const deep = static_cast<char*>(mine.limit());
    EXPECT_EQ(*deep, 0);
    EXPECT_NEAR(static_cast<double>(mine.high_water()), 300, 8);
}

std::string refusal(std::size_t bytes, std::size_t guard) {
    try {
        const stack never = stack::acquire(bytes, guard);
        return "none";
    } catch (const weft::usage_error& error) {
        return error.what();
    }
}

TEST(stack, sizes_without_sense_are_refused_with_a_remedy) {
    EXPECT_EQ(refusal(100, 4096),
              "a stack of 100 bytes was asked for: reserve at least 8192 (only what is touched "
              "costs memory)");
    EXPECT_NE(refusal(0, 0).find("reserve at least 8192"), std::string::npos);
    const auto negative = static_cast<std::size_t>(-1);
    EXPECT_NE(refusal(negative, 4096).find("was a negative number converted?"), std::string::npos);
    EXPECT_NE(refusal(65'536, negative).find("at most 64 GiB"), std::string::npos);
}

TEST(stack, a_large_one_takes_no_memory_before_it_is_used) {
    const stack large = stack::acquire(std::size_t{1} << 30);
    EXPECT_EQ(large.size(), std::size_t{1} << 30);
    EXPECT_EQ(large.high_water(), 0u);
}

// The sanitizers reserve terabytes themselves and cannot live within a limit.
#if !WEFT_ASAN && !WEFT_TSAN

/// What `use_up` returns where the limit is not taken: qemu-user ignores it.
constexpr int no_such_limit = 77;  // qemu-user takes RLIMIT_AS and does not hold to it

/// Acquires within a gigabyte of address space until there is none left; what the error says.
template <class Check>
int use_up(std::size_t bytes, Check check) {
    std::size_t pages_mapped = 0;
    std::ifstream("/proc/self/statm") >> pages_mapped;
    const rlim_t most = pages_mapped * 4096 + (rlim_t{1} << 30);
    const rlimit limit{most, most};
    rlimit taken{};
    ::setrlimit(RLIMIT_AS, &limit);
    ::getrlimit(RLIMIT_AS, &taken);
    if (taken.rlim_cur != most) return no_such_limit;
    std::vector<stack> held;
    held.reserve(100'000);
    try {
        while (held.size() < 100'000) held.push_back(stack::acquire(bytes));
    } catch (const std::system_error& error) {
        return check(held, error);
    } catch (const std::bad_alloc&) {
        return 3;
    }
    return 2;
}

TEST(stack, without_address_space_says_so_and_what_to_do) {
    const int status = in_a_child([] {
        return use_up(std::size_t{4} << 20, [](auto& held, const std::system_error& error) {
            const std::string text = error.what();
            const bool clear =
                text.find("no address space for a stack of 4194304 bytes: raise the limit") == 0 &&
                error.code() == std::errc::not_enough_memory;
            // Half of a gigabyte at least was found: slabs shrink before they fail.
            return clear && held.size() > 120 ? 0 : 1;
        });
    });
    if (status == no_such_limit) GTEST_SKIP() << "qemu-user ignores RLIMIT_AS";
    EXPECT_EQ(status, 0);
}

TEST(stack, one_that_is_released_serves_again_when_there_is_no_room_for_more) {
    const int status = in_a_child([] {
        return use_up(std::size_t{4} << 20, [](auto& held, const std::system_error&) {
            held.pop_back();
            held.push_back(stack::acquire(std::size_t{4} << 20));
            return held.back() ? 0 : 1;
        });
    });
    if (status == no_such_limit) GTEST_SKIP() << "qemu-user ignores RLIMIT_AS";
    EXPECT_EQ(status, 0);
}

#endif

}  // namespace
