#include "weft/core/generator.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// A generator cannot be resumed while it runs: by itself, through a cycle, by a second thread, or
// behind the back of one that delegates to it.

namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::from;
using weft::generator;
using weft::generator_state;
using weft::testing::thrown;

const auto says_running =
    AllOf(HasSubstr("running already"), HasSubstr("own body"), HasSubstr("cycle"),
          HasSubstr("second thread"), HasSubstr("generator_running_test.cpp:"));

generator<int, int> meddler(generator<int, int>** self, std::vector<std::string>* texts) {
    auto& me = **self;
    texts->push_back(thrown<weft::already_executing>([&] { me.next(); }));
    texts->push_back(thrown<weft::already_executing>([&] { me.send(1); }));
    texts->push_back(thrown<weft::already_executing>([&] { me.throw_(1); }));
    texts->push_back(thrown<weft::already_executing>([&] { me.close(); }));
    texts->push_back(me.state() == generator_state::running ? "running already: own body, cycle, "
                                                              "second thread, meddler "
                                                              "generator_running_test.cpp:"
                                                            : "not running");
    const int sent = co_yield 1;
    co_yield sent;
}

TEST(generator_running, every_use_from_its_own_body_is_refused_and_it_goes_on) {
    generator<int, int>* self = nullptr;
    std::vector<std::string> texts;
    auto g = meddler(&self, &texts);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(texts.size(), 5u);
    EXPECT_THAT(texts, Each(says_running));
    EXPECT_THAT(texts, Each(HasSubstr("meddler")));
    EXPECT_THAT(texts[0], HasSubstr("next()"));
    EXPECT_THAT(texts[1], HasSubstr("send()"));
    EXPECT_THAT(texts[2], HasSubstr("throw_()"));
    EXPECT_THAT(texts[3], HasSubstr("close()"));
    EXPECT_EQ(g.send(7), 7);
}

TEST(generator_running, an_uncaught_refusal_ends_the_generator_like_any_error) {
    generator<int>* self = nullptr;
    auto g = [](generator<int>** me) -> generator<int> { co_yield *(*me)->next(); }(&self);
    self = &g;
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.next(); }), says_running);
    EXPECT_EQ(g.state(), generator_state::closed);
}

generator<int, int> player(generator<int, int>** other, std::vector<std::string>* log,
                           const char* name) {
    int ball = co_yield 0;
    log->emplace_back(name);
    (*other)->send(ball + 1);
    log->emplace_back("never");
}

TEST(generator_running, a_cycle_is_refused_and_the_whole_cycle_unwinds) {
    generator<int, int>* a_at = nullptr;
    generator<int, int>* b_at = nullptr;
    std::vector<std::string> log;
    auto a = player(&b_at, &log, "a");
    auto b = player(&a_at, &log, "b");
    a_at = &a;
    b_at = &b;
    a.next();
    b.next();
    EXPECT_THAT(thrown<weft::already_executing>([&] { a.send(1); }), says_running);
    EXPECT_THAT(log, ElementsAre("a", "b"));
    EXPECT_EQ(a.state(), generator_state::closed);
    EXPECT_EQ(b.state(), generator_state::closed);
}

TEST(generator_running, delegating_to_itself_is_refused) {
    generator<int>* self = nullptr;
    auto g = [](generator<int>** me) -> generator<int> { co_yield from(**me); }(&self);
    self = &g;
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.next(); }),
                AllOf(HasSubstr("co_yield from()"), says_running));
}

TEST(generator_running, a_cycle_of_delegations_is_refused) {
    generator<int>* b_at = nullptr;
    const auto to = [](generator<int>** other) -> generator<int> {
        co_yield 0;
        co_yield from(**other);
    };
    generator<int>* a_at = nullptr;
    auto a = to(&b_at);
    auto b = to(&a_at);
    a_at = &a;
    b_at = &b;
    EXPECT_EQ(a.next(), 0);
    EXPECT_EQ(a.next(), 0);  // b, from its beginning
    EXPECT_THAT(thrown<weft::already_executing>([&] { a.next(); }), HasSubstr("co_yield from()"));
    EXPECT_EQ(a.state(), generator_state::closed);
    EXPECT_EQ(b.state(), generator_state::closed);
}

generator<int> inner_numbers() {
    for (int i = 1; i < 4; ++i) co_yield i;
}

TEST(generator_running, an_inner_one_cannot_be_resumed_behind_its_outer) {
    auto inner = inner_numbers();
    auto outer = [](generator<int>* to) -> generator<int> { co_yield from(*to); }(&inner);
    EXPECT_EQ(outer.next(), 1);
    const auto text = AllOf(HasSubstr("inner_numbers"), HasSubstr("delegated to by another"),
                            HasSubstr("resume that one"));
    EXPECT_THAT(thrown<weft::already_executing>([&] { inner.next(); }), text);
    EXPECT_THAT(thrown<weft::already_executing>([&] { inner.throw_(1); }), text);
    EXPECT_THAT(thrown<weft::already_executing>([&] { inner.close(); }), text);
    EXPECT_THAT(thrown<weft::already_executing>([&] { inner.begin(); }), text);
    EXPECT_EQ(inner.state(), generator_state::suspended);
    EXPECT_EQ(outer.next(), 2);
    EXPECT_EQ(outer.next(), 3);
    EXPECT_FALSE(outer.next());
}

TEST(generator_running, an_inner_one_cannot_have_a_second_outer) {
    auto inner = inner_numbers();
    const auto pass = [](generator<int>* to) -> generator<int> { co_yield from(*to); };
    auto first = pass(&inner);
    auto second = pass(&inner);
    EXPECT_EQ(first.next(), 1);
    EXPECT_THAT(thrown<weft::already_executing>([&] { second.next(); }),
                HasSubstr("delegated to by another"));
    EXPECT_EQ(second.state(), generator_state::closed);
    EXPECT_EQ(first.next(), 2);
}

TEST(generator_running, an_outer_one_cannot_be_resumed_by_its_inner) {
    generator<int>* outer_at = nullptr;
    std::string text;
    auto outer = [](generator<int>** me, std::string* to) -> generator<int> {
        auto inner = [](generator<int>** up, std::string* into) -> generator<int> {
            *into = thrown<weft::already_executing>([&] { (*up)->next(); });
            co_yield 1;
        }(me, to);
        co_yield from(inner);
    }(&outer_at, &text);
    outer_at = &outer;
    EXPECT_EQ(outer.next(), 1);
    EXPECT_THAT(text, says_running);
}

generator<int> waits_inside(std::latch& entered, std::latch& leave) {
    co_yield 0;
    entered.count_down();
    leave.wait();
    co_yield 1;
}

TEST(generator_running, a_second_thread_is_refused_and_the_first_goes_on) {
    std::latch entered(1);
    std::latch leave(1);
    auto g = waits_inside(entered, leave);
    EXPECT_EQ(g.next(), 0);
    std::optional<int> got;
    std::thread first([&] { got = *g.next(); });
    entered.wait();
    EXPECT_EQ(g.state(), generator_state::running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.next(); }), says_running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.close(); }), says_running);
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.throw_(1); }), says_running);
    leave.count_down();
    first.join();
    EXPECT_EQ(got, 1);
    EXPECT_FALSE(g.next());
}

TEST(generator_running, a_second_thread_is_refused_while_an_inner_one_runs) {
    std::latch entered(1);
    std::latch leave(1);
    auto g = [](std::latch* in, std::latch* out) -> generator<int> {
        co_yield from(waits_inside(*in, *out));
    }(&entered, &leave);
    EXPECT_EQ(g.next(), 0);
    std::thread first([&] { EXPECT_EQ(g.next(), 1); });
    entered.wait();
    EXPECT_THAT(thrown<weft::already_executing>([&] { g.next(); }), says_running);
    leave.count_down();
    first.join();
    EXPECT_FALSE(g.next());
}

TEST(generator_running, it_may_go_from_thread_to_thread) {
    auto g = inner_numbers();
    int sum = 0;
    for (int i = 0; i < 3; ++i) std::thread([&] { sum += *g.next(); }).join();
    std::thread([&] { EXPECT_FALSE(g.next()); }).join();
    EXPECT_EQ(sum, 6);
}

generator<int> short_lived(std::optional<generator<int>>& holder) {
    holder.reset();
    co_yield 1;
}

TEST(generator_running_death, destroying_one_that_runs_is_a_clear_end) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(
        {
            std::optional<generator<int>> holder;
            holder.emplace(short_lived(holder));
            holder->next();
        },
        "destroyed while its body runs or another delegates to it: keep the generator object "
        "alive");
}

TEST(generator_running_death, destroying_one_that_is_delegated_to_is_a_clear_end) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(
        {
            std::optional<generator<int>> inner = inner_numbers();
            auto outer = [](generator<int>* to) -> generator<int> { co_yield from(*to); }(&*inner);
            outer.next();
            inner.reset();
        },
        "another delegates to it");
}

}  // namespace
