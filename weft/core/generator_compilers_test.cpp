#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

// What compilers do to coroutines, and that generators and consumers are safe from it. Each test
// names the compiler and the fault. Depth without symmetric transfer is in from_depth_test.cpp.

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::consumer;
using weft::generator;
using weft::generator_state;
using weft::nothing;
using weft::receive;
using weft::testing::counted;
using weft::testing::thrown;

// g++ 12: a condition that awaits, in a block that declares nothing, falls through. With a
// declaration it does not, which is what scripts/tidy.py asks for.
TEST(generator_compilers, a_condition_that_declares_what_it_awaits_works) {
    std::vector<int> got;
    auto sink = [](std::vector<int>* to) -> consumer<int> {
        while (true) {
            if (const int item = co_await receive; item > 0)
                to->push_back(item);
            else
                break;
        }
        to->push_back(-1);
    }(&got);
    for (const int n : {1, 2, 0}) sink.send(n);
    EXPECT_THAT(got, ElementsAre(1, 2, -1));
}

// g++ 12: a closure with captures of its own, built in the same expression as a co_yield, is
// destroyed twice. Named first, it is not.
TEST(generator_compilers, a_closure_named_first_is_destroyed_once) {
    using item = counted<struct closure_tag>;
    item::reset();
    {
        auto g = []() -> generator<int> {
            const item kept(7);
            const auto inner = [kept](int n) -> generator<int> { co_yield kept.value + n; };
            co_yield weft::from(inner(1));
        }();
        EXPECT_EQ(g.next(), 8);
        EXPECT_FALSE(g.next());
    }
    EXPECT_EQ(item::now.live, 0);
}

// g++ 12: what an await gives may be an argument of a function or a constructor, if nothing else in
// the expression needs a destructor.
TEST(generator_compilers, what_is_received_may_be_handed_straight_on) {
    std::vector<std::unique_ptr<std::string>> made;
    std::vector<std::string> pushed;
    auto sink = [](auto* to, auto* also) -> consumer<std::string> {
        for (;;) {
            to->push_back(std::make_unique<std::string>(co_await receive));
            also->push_back(co_await receive);
            const std::string copy(co_await receive);
            also->push_back(copy);
        }
    }(&made, &pushed);
    for (const char* text : {"made", "pushed", "copied"}) sink.send(text);
    EXPECT_EQ(*made.at(0), "made");
    EXPECT_THAT(pushed, ElementsAre("pushed", "copied"));
}

// g++ 12, and clang without -fcoro-aligned-allocation: the compiler aligns locals as if the frame
// were aligned for them, and asks operator new for 16 bytes only.
template <std::size_t Alignment>
struct alignas(Alignment) aligned_to {
    std::array<char, Alignment> bytes{};
};

template <std::size_t Alignment>
bool all_aligned() {
    const auto is_aligned = [](const void* at) {
        return reinterpret_cast<std::uintptr_t>(at) % Alignment == 0;
    };
    const auto body = [](char before, auto check) -> generator<bool> {
        const char first = before;
        const aligned_to<Alignment> one;
        const char second = first;
        const aligned_to<Alignment> two;
        co_yield check(&one) && check(&two) && first == second;
    };
    const auto sink = [](bool* to, auto check) -> consumer<int> {
        const aligned_to<Alignment> one;
        co_await receive;
        *to = check(&one);
    };
    bool all = true;
    std::vector<generator<bool>> many;
    for (char i = 0; i < 10; ++i) many.push_back(body(i, is_aligned));
    for (auto& each : many) all = all && each.next() == true;
    bool in_consumer = false;
    sink(&in_consumer, is_aligned).send(1);
    return all && in_consumer;
}

TEST(generator_compilers, locals_of_every_alignment_up_to_64_are_aligned) {
    EXPECT_TRUE(all_aligned<16>());
    EXPECT_TRUE(all_aligned<32>());
    EXPECT_TRUE(all_aligned<64>());
}

// g++ 12: done() of the handle is true already in unhandled_exception() when the destructor of a
// local throws after co_return.
struct throws_at_the_end {
    bool armed = true;
    throws_at_the_end() = default;
    throws_at_the_end(const throws_at_the_end&) = delete;
    throws_at_the_end& operator=(const throws_at_the_end&) = delete;
    ~throws_at_the_end() noexcept(false) {
        if (armed) throw std::runtime_error("a destructor threw");
    }
};

generator<int, void, std::string> fails_at_the_end() {
    const throws_at_the_end guard;
    co_yield 1;
    co_return "never given";
}

TEST(generator_compilers, a_destructor_that_throws_after_co_return_is_the_error_of_the_body) {
    auto g = fails_at_the_end();
    g.next();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.next(); }), "a destructor threw");
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }), HasSubstr("exception"));
}

TEST(generator_compilers, also_in_an_inner_generator) {
    auto g = []() -> generator<int> {
        bool caught = false;
        try {
            const std::string result = co_yield weft::from(fails_at_the_end());
        } catch (const std::runtime_error&) {
            caught = true;
        }
        co_yield caught ? 2 : 3;
    }();
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
}

TEST(generator_compilers, also_in_a_consumer) {
    auto c = [](int) -> consumer<int> {
        const throws_at_the_end guard;
        co_await receive;
    }(0);
    EXPECT_EQ(thrown<std::runtime_error>([&] { c.send(1); }), "a destructor threw");
    EXPECT_FALSE(c.send(1));
}

// g++ 12: rethrowing while a coroutine is being called destroys its frame twice. A consumer keeps
// an error from before its first suspension.
TEST(generator_compilers, an_early_error_of_a_consumer_destroys_its_arguments_once) {
    using item = counted<struct early_tag>;
    item::reset();
    {
        auto c = [](item kept) -> consumer<int> {
            if (kept.value > 0) throw std::runtime_error("early");
            co_await receive;
        }(item(1));
        EXPECT_THROW(c.send(1), std::runtime_error);
    }
    EXPECT_EQ(item::now.live, 0);
}

// g++ passes the closure of a lambda coroutine to the promise's constructor, clang does not.
TEST(generator_compilers, lambdas_with_captures_are_generators_while_they_live) {
    int base = 10;
    const auto count = [&base, step = 2](int n) -> generator<int> {
        for (int i = 0; i < n; ++i) co_yield base + step* i;
    };
    std::vector<int> seen;
    for (const int n : count(3)) seen.push_back(n);
    EXPECT_THAT(seen, ElementsAre(10, 12, 14));
}

// clang keeps thread-local addresses across a suspension: a frame may end on another thread than
// the one that made it, and must join that thread's list.
TEST(generator_compilers, a_frame_is_freed_on_the_thread_where_its_body_ends) {
    auto g = []() -> generator<int> {
        co_yield 1;
        co_yield 2;
    }();
    g.next();
    std::thread([&] {
        const auto before = weft::frame_pool_stats();
        EXPECT_EQ(g.next(), 2);
        EXPECT_FALSE(g.next());
        EXPECT_EQ(weft::frame_pool_stats().freed - before.freed, 1u);
    }).join();
}

TEST(generator_compilers, inner_frames_of_another_thread_are_allocated_there) {
    auto g = [](int n) -> generator<int> {
        for (int i = 0; i < n; ++i)
            co_yield weft::from([](int value) -> generator<int> { co_yield value; }(i));
    }(100);
    g.next();
    std::thread([&] {
        const auto before = weft::frame_pool_stats();
        while (g.next()) {}
        const auto after = weft::frame_pool_stats();
        EXPECT_EQ(after.allocated - before.allocated, 99u);
        EXPECT_EQ(after.freed - before.freed, 101u);
    }).join();
}

// clang 21 initialises an aggregate promise from the coroutine's parameters.
static_assert(!std::is_aggregate_v<generator<int>::promise_type>);
static_assert(!std::is_aggregate_v<consumer<int>::promise_type>);

// A frame's handle is found from its promise's address: from_promise() must not add padding.
static_assert(alignof(generator<aligned_to<64>>::promise_type) <= 16);
static_assert(alignof(generator<int, aligned_to<64>, aligned_to<64>>::promise_type) <= 16);
static_assert(alignof(consumer<aligned_to<64>>::promise_type) <= 16);

// A generator waits for its resumer alone.
template <class Promise>
concept awaits_anything = requires(Promise p) { p.await_transform(std::suspend_never()); };
static_assert(!awaits_anything<generator<int>::promise_type>);
static_assert(!awaits_anything<consumer<int>::promise_type>);

}  // namespace
