#include "weft/core/frame_allocation.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"

#include <array>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

// Frames through a user's allocator: std::allocator_arg, as in C++23's std::generator.

// g++ 12 compares a template of operator new with the one operator delete that a promise can have,
// and finds that they differ (GCC documents the check as one of names).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {

using weft::from;
using weft::generator;
using weft::testing::counted;

/// What a `ledger_allocator` has done; it refuses the `fail_at`th allocation.
struct ledger {
    std::map<void*, std::size_t> live;
    int allocations = 0;
    int fail_at = 0;
    bool sizes_match = true;
};

template <class T>
class ledger_allocator {
public:
    using value_type = T;
    explicit ledger_allocator(ledger& to) noexcept : ledger_(&to) {}
    template <class Other>
    ledger_allocator(const ledger_allocator<Other>& other) noexcept : ledger_(other.book()) {}

    [[nodiscard]] T* allocate(std::size_t n) {
        if (++ledger_->allocations == ledger_->fail_at) throw std::bad_alloc();
        T* const block = std::allocator<T>().allocate(n);
        ledger_->live[block] = n * sizeof(T);
        return block;
    }
    void deallocate(T* block, std::size_t n) noexcept {
        const auto found = ledger_->live.find(block);
        if (found == ledger_->live.end() || found->second != n * sizeof(T))
            ledger_->sizes_match = false;
        ledger_->live.erase(block);
        std::allocator<T>().deallocate(block, n);
    }
    [[nodiscard]] ledger* book() const noexcept { return ledger_; }
    friend bool operator==(const ledger_allocator&, const ledger_allocator&) = default;

private:
    ledger* ledger_;
};

using allocator = ledger_allocator<char>;

void expect_balanced(const ledger& book, int allocations) {
    EXPECT_EQ(book.allocations, allocations);
    EXPECT_TRUE(book.live.empty());
    EXPECT_TRUE(book.sizes_match);
}

generator<int> numbers(std::allocator_arg_t, allocator, int last) {
    for (int i = 1; i <= last; ++i) co_yield i;
}

TEST(frame_allocation, the_frame_comes_from_the_allocator_and_returns_with_its_size) {
    ledger book;
    {
        auto g = numbers(std::allocator_arg, allocator(book), 3);
        EXPECT_EQ(book.live.size(), 1u);
        EXPECT_GE(book.live.begin()->second, g.frame_bytes());
        int sum = 0;
        for (const int n : g) sum += n;
        EXPECT_EQ(sum, 6);
    }
    expect_balanced(book, 1);
}

TEST(frame_allocation, it_is_returned_when_the_body_ends) {
    ledger book;
    auto g = numbers(std::allocator_arg, allocator(book), 0);
    g.next();
    expect_balanced(book, 1);
}

TEST(frame_allocation, it_is_returned_when_never_started) {
    ledger book;
    { auto g = numbers(std::allocator_arg, allocator(book), 3); }
    expect_balanced(book, 1);
}

TEST(frame_allocation, such_a_frame_is_aligned_like_all) {
    ledger book;
    auto g = numbers(std::allocator_arg, allocator(book), 3);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(g.address()) % weft::frame_alignment, 0u);
}

TEST(frame_allocation, it_may_be_a_polymorphic_allocator) {
    std::array<std::byte, 4096> memory;
    std::pmr::monotonic_buffer_resource pool(memory.data(), memory.size(),
                                             std::pmr::null_memory_resource());
    const auto make = [](std::allocator_arg_t, std::pmr::polymorphic_allocator<>,
                         std::pmr::string text) -> generator<char> {
        for (const char c : text) co_yield c;
    };
    auto g = make(std::allocator_arg, &pool, "abc");
    const auto* const at = static_cast<const std::byte*>(g.address());
    EXPECT_TRUE(at >= memory.data() && at < memory.data() + memory.size());
    std::string seen;
    for (const char c : g) seen += c;
    EXPECT_EQ(seen, "abc");
}

TEST(frame_allocation, it_may_be_stateless) {
    const auto make = [](std::allocator_arg_t, std::allocator<int>, int n) -> generator<int> {
        co_yield n;
    };
    EXPECT_EQ(make(std::allocator_arg, {}, 5).next(), 5);
}

struct with_members {
    int base = 10;
    generator<int> count(std::allocator_arg_t, allocator, int n) const {
        for (int i = 0; i < n; ++i) co_yield base + i;
    }
};

TEST(frame_allocation, member_functions_take_it_after_the_object) {
    ledger book;
    const with_members object;
    {
        auto g = object.count(std::allocator_arg, allocator(book), 2);
        EXPECT_EQ(g.next(), 10);
        EXPECT_EQ(g.next(), 11);
    }
    expect_balanced(book, 1);
}

TEST(frame_allocation, lambdas_take_it_too) {
    ledger book;
    int base = 5;
    const auto count = [&base](std::allocator_arg_t, allocator, int n) -> generator<int> {
        co_yield base + n;
    };
    EXPECT_EQ(count(std::allocator_arg, allocator(book), 2).next(), 7);
    expect_balanced(book, 1);
}

TEST(frame_allocation, inner_generators_may_use_other_ones) {
    ledger outer_book;
    ledger inner_book;
    const auto outer = [](std::allocator_arg_t, allocator, ledger* book) -> generator<int> {
        co_yield from(numbers(std::allocator_arg, allocator(*book), 2));
        co_yield 3;
    };
    {
        auto g = outer(std::allocator_arg, allocator(outer_book), &inner_book);
        g.next();
        EXPECT_EQ(inner_book.live.size(), 1u);
    }
    expect_balanced(outer_book, 1);
    expect_balanced(inner_book, 1);
}

TEST(frame_allocation, consumers_take_it) {
    ledger book;
    int sum = 0;
    {
        const auto make = [](std::allocator_arg_t, allocator, int* to) -> weft::consumer<int> {
            for (;;) *to += co_await weft::receive;
        };
        auto sink = make(std::allocator_arg, allocator(book), &sum);
        sink.send(1);
        sink.send(2);
    }
    EXPECT_EQ(sum, 3);
    expect_balanced(book, 1);
}

/// A tree of generators, each with an argument that is copied, all from one allocator.
using argument = counted<struct tree_tag>;

generator<int> tree(std::allocator_arg_t, allocator memory, int depth, argument kept) {
    if (depth == 0) co_return;
    const argument copy(kept);
    co_yield from(tree(std::allocator_arg, memory, depth - 1, copy));
    co_yield depth;
    co_yield from(tree(std::allocator_arg, memory, depth - 1, copy));
}

TEST(frame_allocation, when_the_nth_allocation_fails_the_error_arrives_and_nothing_leaks) {
    argument::reset();
    const argument original(1);
    int n = 1;
    for (bool whole = false; !whole; ++n) {
        ASSERT_LT(n, 100);
        ledger book;
        book.fail_at = n;
        try {
            int sum = 0;
            for (const int d : tree(std::allocator_arg, allocator(book), 3, original)) sum += d;
            EXPECT_EQ(sum, 3 + 2 + 2 + 1 + 1 + 1 + 1);
            whole = true;
        } catch (const std::bad_alloc&) {
            EXPECT_EQ(book.allocations, n);
        }
        EXPECT_TRUE(book.live.empty());
        EXPECT_TRUE(book.sizes_match);
        EXPECT_EQ(argument::now.live, 1);
    }
    EXPECT_EQ(n - 2, 15);  // one for each node
}

TEST(frame_allocation, when_the_nth_copy_of_an_argument_fails_nothing_leaks) {
    argument::reset();
    const argument original(1);
    bool whole = false;
    for (int n = 1; !whole; ++n) {
        ASSERT_LT(n, 100);
        ledger book;
        argument::fail_copy(n);
        try {
            for (const int d : tree(std::allocator_arg, allocator(book), 3, original))
                EXPECT_GT(d, 0);
            whole = argument::now.fail_at > 0;
        } catch (const std::runtime_error&) {
            EXPECT_EQ(argument::now.fail_at, 0);
        }
        EXPECT_TRUE(book.live.empty()) << n;
        EXPECT_EQ(argument::now.live, 1) << n;
    }
    argument::reset();
}

TEST(frame_allocation, a_failing_copy_of_an_argument_gives_a_pool_frame_back) {
    argument::reset();
    const auto make = [](argument kept) -> generator<int> { co_yield kept.value; };
    const argument original(1);
    const auto before = weft::frame_pool_stats();
    for (int i = 0; i < 10; ++i) {
        argument::fail_copy(1);
        EXPECT_THROW(static_cast<void>(make(original)), std::runtime_error);
    }
    const auto after = weft::frame_pool_stats();
    EXPECT_EQ(after.allocated - before.allocated, after.freed - before.freed);
    EXPECT_EQ(argument::now.live, 1);
    argument::reset();
}

}  // namespace
