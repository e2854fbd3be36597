#include "weft/core/generator.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"

#include <concepts>
#include <coroutine>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::generator;
using weft::generator_state;
using weft::testing::farewell;
using weft::testing::thrown;

generator<int> count_down(int n, bool* started = nullptr) {
    if (started != nullptr) *started = true;
    while (n > 0) co_yield n--;
}

generator<int> fail_after(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
    throw std::runtime_error("the body failed");
}

TEST(generator, runs_nothing_until_the_first_next) {
    bool started = false;
    auto numbers = count_down(3, &started);
    EXPECT_FALSE(started);
    EXPECT_EQ(numbers.next(), 3);
    EXPECT_TRUE(started);
}

TEST(generator, hands_out_one_value_a_next_and_nothing_at_the_end) {
    auto numbers = count_down(2);
    EXPECT_EQ(numbers.next(), 2);
    EXPECT_EQ(numbers.next(), 1);
    EXPECT_FALSE(numbers.next());
}

TEST(generator, is_finished_for_ever) {
    auto numbers = count_down(0);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(numbers.next());
    EXPECT_EQ(numbers.state(), generator_state::closed);
}

TEST(generator, whose_body_yields_nothing_ends_at_the_first_next) {
    auto numbers = count_down(0);
    EXPECT_EQ(numbers.state(), generator_state::created);
    EXPECT_FALSE(numbers.next());
}

TEST(generator, an_error_in_the_body_reaches_the_resumer_and_finishes_it) {
    auto numbers = fail_after(1);
    EXPECT_EQ(numbers.next(), 0);
    EXPECT_EQ(thrown<std::runtime_error>([&] { numbers.next(); }), "the body failed");
    EXPECT_EQ(numbers.state(), generator_state::closed);
    EXPECT_FALSE(numbers.next());
    EXPECT_FALSE(numbers.next());
}

TEST(generator, an_error_before_the_first_co_yield_reaches_the_first_next) {
    auto numbers = fail_after(0);
    EXPECT_EQ(thrown<std::runtime_error>([&] { numbers.next(); }), "the body failed");
    EXPECT_FALSE(numbers.next());
}

TEST(generator, any_type_can_be_thrown) {
    auto bad = []() -> generator<int> {
        co_yield 1;
        throw 42;
    }();
    bad.next();
    EXPECT_THROW(bad.next(), int);
}

generator<int> keep(std::vector<std::string>& log, farewell<std::vector<std::string>> argument) {
    const farewell first(log, "first");
    const farewell second(log, "second");
    static_cast<void>(argument);
    co_yield 1;
    log.emplace_back("end");
}

TEST(generator, releases_locals_and_arguments_when_the_body_ends) {
    std::vector<std::string> log;
    auto g = keep(log, farewell(log, "argument"));
    g.next();
    EXPECT_THAT(log, ElementsAre());
    EXPECT_FALSE(g.next());
    EXPECT_THAT(log, ElementsAre("end", "second", "first", "argument"));
}

TEST(generator, releases_locals_and_arguments_when_the_body_fails) {
    std::vector<std::string> log;
    auto g = [](std::vector<std::string>& to, auto argument) -> generator<int> {
        const farewell local(to, "local");
        static_cast<void>(argument);
        co_yield 1;
        throw std::runtime_error("x");
    }(log, farewell(log, "argument"));
    g.next();
    EXPECT_THROW(g.next(), std::runtime_error);
    EXPECT_THAT(log, ElementsAre("local", "argument"));
}

TEST(generator, destroyed_before_the_start_releases_its_arguments_and_runs_nothing) {
    std::vector<std::string> log;
    { auto g = keep(log, farewell(log, "argument")); }
    EXPECT_THAT(log, ElementsAre("argument"));
}

TEST(generator, destroyed_while_suspended_runs_the_destructors_of_its_locals) {
    std::vector<std::string> log;
    {
        auto g = keep(log, farewell(log, "argument"));
        g.next();
    }
    EXPECT_THAT(log, ElementsAre("second", "first", "argument"));
}

TEST(generator, destroyed_while_suspended_runs_no_catch_block) {
    bool caught = false;
    {
        auto g = [](bool* seen) -> generator<int> {
            try {
                co_yield 1;
            } catch (...) {
                *seen = true;
                throw;
            }
        }(&caught);
        g.next();
    }
    EXPECT_FALSE(caught);
}

TEST(generator, goes_on_after_a_move) {
    auto first = count_down(3);
    first.next();
    auto second = std::move(first);
    EXPECT_EQ(second.next(), 2);
    generator<int> third = count_down(9);
    third.next();
    third = std::move(second);
    EXPECT_EQ(third.next(), 1);
}

TEST(generator, a_move_assignment_destroys_what_was_there) {
    std::vector<std::string> log;
    auto g = keep(log, farewell(log, "old"));
    g.next();
    g = keep(log, farewell(log, "new"));
    EXPECT_THAT(log, ElementsAre("second", "first", "old"));
    EXPECT_TRUE(g.next());
}

TEST(generator, an_assignment_to_itself_changes_nothing) {
    auto g = count_down(3);
    g.next();
    auto& same = g;
    g = std::move(same);
    EXPECT_EQ(g.next(), 2);
}

TEST(generator, moved_from_is_a_clear_error_in_every_use) {
    auto g = [](int n) -> generator<int, int, int> {
        while (n > 0) n -= co_yield n;
        co_return 0;
    }(3);
    const auto taken = std::move(g);
    const auto text = AllOf(HasSubstr("moved from"), HasSubstr("use the object"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.next(); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.send(1); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.throw_(1); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.close(); }), text);
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }),
                AllOf(HasSubstr("result()"), HasSubstr("moved from"), HasSubstr("ask the object")));
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_EQ(g.address(), nullptr);
    EXPECT_EQ(g.frame_bytes(), 0u);
    EXPECT_EQ(g.name(), "");
    EXPECT_FALSE(g.delegate());
}

TEST(generator, moved_from_can_be_assigned_anew) {
    auto g = count_down(3);
    const auto taken = std::move(g);
    g = count_down(1);
    EXPECT_EQ(g.next(), 1);
}

TEST(generator, a_frame_outlives_the_function_that_created_it) {
    std::vector<generator<int>> kept;
    for (int i = 1; i <= 100; ++i) kept.push_back(count_down(i));
    int sum = 0;
    for (auto& g : kept) sum += *g.next();
    EXPECT_EQ(sum, 5050);
}

template <class T>
concept awaitable = requires(T x) { x.await_ready(); } || requires(T x) { x.operator co_await(); };

TEST(generator, is_neither_copyable_nor_awaitable) {
    static_assert(!std::copy_constructible<generator<int>>);
    static_assert(std::is_nothrow_move_constructible_v<generator<int>>);
    static_assert(std::is_nothrow_move_constructible_v<generator<int, int, std::string>>);
    static_assert(sizeof(weft::yielded<std::string>) == sizeof(void*));
    static_assert(!awaitable<generator<int>>);
    static_assert(awaitable<std::suspend_always>);
}

generator<int, void, std::string> with_result() {
    co_yield 1;
    co_return "the end";
}

TEST(generator, gives_its_return_value_once) {
    auto g = with_result();
    while (g.next()) {}
    EXPECT_EQ(g.result(), "the end");
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }),
                AllOf(HasSubstr("result()"), HasSubstr("once")));
    EXPECT_FALSE(g.next());
}

TEST(generator, has_no_result_before_it_has_finished) {
    auto g = with_result();
    const auto text = AllOf(HasSubstr("not finished"), HasSubstr("resume it until"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }), text);
    g.next();
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.result(); }), text);
    g.next();
    EXPECT_EQ(g.result(), "the end");
}

TEST(generator, has_no_result_when_it_failed_or_was_closed) {
    auto closed = with_result();
    closed.close();
    EXPECT_THAT(thrown<weft::usage_error>([&] { closed.result(); }), HasSubstr("was closed"));
    auto failed = with_result();
    EXPECT_THROW(failed.throw_(1), int);
    EXPECT_THAT(thrown<weft::usage_error>([&] { failed.result(); }), HasSubstr("exception"));
}

TEST(generator, its_result_moves_with_it) {
    auto g = with_result();
    while (g.next()) {}
    auto h = std::move(g);
    EXPECT_EQ(h.result(), "the end");
}

TEST(yielded, is_used_like_an_optional) {
    auto g = []() -> generator<std::string> { co_yield "abc"; }();
    auto item = g.next();
    EXPECT_TRUE(item.has_value());
    EXPECT_EQ(item->size(), 3u);
    EXPECT_EQ(*item, "abc");
    EXPECT_EQ(item, "abc");
    EXPECT_EQ(item.value(), "abc");
    const std::string taken = *std::move(item);
    EXPECT_EQ(taken, "abc");
    EXPECT_EQ(g.next().value_or("none"), "none");
}

TEST(yielded, without_a_value_is_a_clear_error) {
    auto g = count_down(0);
    const auto item = g.next();
    EXPECT_FALSE(item.has_value());
    EXPECT_FALSE(item == 0);
    EXPECT_EQ(item.value_or(7), 7);
    EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(item.value()); }),
                AllOf(HasSubstr("value()"), HasSubstr("has ended"), HasSubstr("test the result")));
}

}  // namespace
