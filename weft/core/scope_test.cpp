#include "weft/core/scope.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/with_cleanup.hpp"

#include <chrono>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::cancelled;
using weft::child_cancelled;
using weft::clock;
using weft::join_handle;
using weft::scope;
using weft::sleep;
using weft::task;
using weft::with_scope;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// A child of that kind, which awaits what `make()` gives.
template <class Make>
auto spawn_in(scope& s, coroutine_kind kind, Make make) {
    using weft::testing::made_by;
    if (kind == coroutine_kind::task)
        return s.spawn(weft::testing::await_as_task<Make>(std::move(make)));
    return s.spawn([](Make kept) -> made_by<Make> { return await(kept()); }, std::move(make));
}

task<> count_later(int& n, clock::duration d) {
    co_await sleep(d);
    ++n;
}

task<> fail_later(std::string text, clock::duration d = 1us) {
    co_await sleep(d);
    throw std::runtime_error(text);
}

TEST(with_scope, waits_for_everything_that_was_spawned_into_it) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        const auto body = [&](scope& s) -> task<int> {
            for (int i = 0; i < 10; ++i)
                spawn_in(s, kind, [&ended, i] { return count_later(ended, i * 1us); });
            EXPECT_EQ(s.size(), 10u);
            co_return 4;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_scope(body); }), 4);
        EXPECT_EQ(ended, 10);
    });
}

TEST(with_scope, without_children_is_its_body) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return with_scope([](scope&) -> task<int> { co_return 1; }); }),
                  1);
        get_as(kind, [] { return with_scope([] { return weft::yield_now(); }); });
    });
}

TEST(with_scope, gives_what_can_only_be_moved_and_references) {
    in_both_kinds([](coroutine_kind kind) {
        int there = 0;
        const auto unique = [](scope& s, std::unique_ptr<int> p) -> task<std::unique_ptr<int>> {
            s.spawn([] { return sleep(1us); });
            co_return p;
        };
        const auto refer = [&there](scope& s) -> task<int&> {
            s.spawn([] { return sleep(1us); });
            co_return there;
        };
        EXPECT_EQ(*get_as(kind, [&] { return with_scope(unique, std::make_unique<int>(3)); }), 3);
        EXPECT_EQ(&get_as(kind, [&] { return with_scope(refer); }), &there);
    });
}

TEST(with_scope, cancels_the_siblings_of_a_child_that_fails) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        int raised = 0;
        const auto patient = [&]() -> task<> {
            try {
                co_await sleep(24h);
                ++ended;
            } catch (const cancelled& c) {
                EXPECT_EQ(c.origin().reason(), weft::cancel_reason::sibling_failed);
                ++raised;
                throw;
            }
        };
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i) spawn_in(s, kind, patient);
            spawn_in(s, kind, [] { return fail_later("a child"); });
            co_await patient();
        };
        const std::string text =
            thrown<weft::exception_group>([&] { get_as(kind, [&] { return with_scope(body); }); });
        EXPECT_THAT(text, HasSubstr("1 error"));
        EXPECT_THAT(text, HasSubstr("a child"));
        EXPECT_EQ(ended, 0);
        EXPECT_EQ(raised, 4);
    });
}

TEST(with_scope, cancels_the_children_of_a_body_that_fails) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<join_handle<void>> children;
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i) children.push_back(spawn_in(s, kind, for_ever));
            co_await fail_later("the body");
        };
        EXPECT_THAT(
            thrown<weft::exception_group>([&] { get_as(kind, [&] { return with_scope(body); }); }),
            HasSubstr("the body"));
        for (const auto& c : children) EXPECT_TRUE(c.was_cancelled());
    });
}

TEST(with_scope, gives_several_errors_together_each_with_its_type) {
    in_both_kinds([](coroutine_kind kind) {
        const auto stubborn = []() -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                throw std::logic_error("when cancelled");
            }
        };
        const auto body = [&](scope& s) -> task<> {
            spawn_in(s, kind, stubborn);
            spawn_in(s, kind, stubborn);
            co_await fail_later("the body");
        };
        int logic = 0;
        int runtime = 0;
        try {
            get_as(kind, [&] { return with_scope(body); });
        } catch (const weft::exception_group& g) {
            for (const auto& e : g.errors()) {
                try {
                    std::rethrow_exception(e);
                } catch (const std::logic_error&) {
                    ++logic;
                } catch (const std::runtime_error&) {
                    ++runtime;
                }
            }
        }
        EXPECT_EQ(logic, 2);
        EXPECT_EQ(runtime, 1);
    });
}

TEST(with_scope, reports_no_error_that_it_throws) {
    const weft::testing::captured_unhandled reports;
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [&](scope& s) -> task<> {
            s.spawn(fail_later("dropped"));
            spawn_in(s, kind, [] { return fail_later("held"); });
            co_return;
        };
        EXPECT_THROW(get_as(kind, [&] { return with_scope(body); }), weft::exception_group);
    });
    EXPECT_TRUE(reports.all().empty());
}

TEST(with_scope, that_is_cancelled_returns_when_all_have_ended) {
    in_both_kinds([](coroutine_kind kind) {
        int raised = 0;
        const auto child = [&raised]() -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled& c) {
                EXPECT_EQ(c.origin().reason(), weft::cancel_reason::request);
                ++raised;
                throw;
            }
        };
        const auto body = [&](scope& s) -> task<> {
            for (int i = 0; i < 5; ++i) spawn_in(s, kind, child);
            co_await sleep(1us);
            s.cancel();
            EXPECT_TRUE(s.cancelled());
            co_await for_ever();
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_GT(raised, 0);
    });
}

TEST(with_scope, that_is_cancelled_before_its_body_has_a_result_says_so) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [](scope& s) -> task<int> {
            s.cancel();
            co_await for_ever();
            co_return 1;
        };
        EXPECT_THAT(
            thrown<child_cancelled>([&] { get_as(kind, [&] { return with_scope(body); }); }),
            HasSubstr("scope_test.cpp"));
    });
}

TEST(with_scope, that_is_cancelled_when_its_body_has_a_result_gives_it) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [&](scope& s) -> task<int> {
            spawn_in(s, kind, for_ever);
            s.cancel();
            co_return 1;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_scope(body); }), 1);
    });
}

TEST(with_scope, is_cancelled_by_a_child) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [&](scope& s) -> task<> {
            spawn_in(s, kind, [&s]() -> task<> {
                co_await weft::yield_now();
                s.cancel();
            });
            co_await for_ever();
        };
        get_as(kind, [&] { return with_scope(body); });
    });
}

TEST(with_scope, in_which_one_child_is_cancelled_goes_on) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        const auto body = [&](scope& s) -> task<> {
            auto victim = spawn_in(s, kind, for_ever);
            spawn_in(s, kind, [&ended] { return count_later(ended, 1us); });
            co_await weft::yield_now();
            victim.cancel();
            co_await victim.join();
            EXPECT_FALSE(s.cancelled());
        };
        get_as(kind, [&] { return with_scope(body); });
        EXPECT_EQ(ended, 1);
    });
}

TEST(with_scope, nests_and_an_error_goes_through_both) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<join_handle<void>> outside;
        const auto inner = [&](scope& s) -> task<> {
            spawn_in(s, kind, [] { return fail_later("innermost"); });
            spawn_in(s, kind, for_ever);
            co_await for_ever();
        };
        const auto outer = [&](scope& s) -> task<> {
            outside.push_back(spawn_in(s, kind, for_ever));
            co_await with_scope(inner);
        };
        EXPECT_THAT(
            thrown<weft::exception_group>([&] { get_as(kind, [&] { return with_scope(outer); }); }),
            HasSubstr("innermost"));
        EXPECT_TRUE(outside.front().was_cancelled());
    });
}

TEST(with_scope, nests_and_the_cancellation_of_the_inner_one_stays_there) {
    in_both_kinds([](coroutine_kind kind) {
        int ended = 0;
        const auto inner = [&](scope& s) -> task<> {
            spawn_in(s, kind, for_ever);
            s.cancel();
            co_await for_ever();
        };
        const auto outer = [&](scope& s) -> task<> {
            spawn_in(s, kind, [&] { return count_later(ended, 1us); });
            co_await with_scope(inner);
            co_await weft::yield_now();
            ++ended;
        };
        get_as(kind, [&] { return with_scope(outer); });
        EXPECT_EQ(ended, 2);
    });
}

TEST(with_scope, is_reached_by_a_cancellation_from_outside_with_all_its_children) {
    in_both_kinds([](coroutine_kind kind) {
        using witness = counted<struct of_reach>;
        witness::reset();
        const auto child = []() -> task<> {
            const witness w;
            co_await for_ever();
        };
        const auto inner = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i) spawn_in(s, kind, child);
            co_await child();
        };
        const auto outer = [&](scope& s) -> task<> {
            for (int i = 0; i < 3; ++i)
                spawn_in(s, kind, [&inner] { return with_scope(std::cref(inner)); });
            co_return;  // it waits for them at its end
        };
        auto h = spawn_as(kind, [&] { return with_scope(outer); });
        until([] { return witness::now.live == 12; });
        h.cancel();
        await(h.join());
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(with_scope, that_waits_for_its_children_at_its_end_is_left_when_they_have_unwound) {
    in_both_kinds([](coroutine_kind kind) {
        bool cleaned = false;
        const auto slow_to_unwind = [&]() -> task<> {
            co_await weft::with_cleanup(for_ever, [&cleaned]() -> task<> {
                co_await sleep(1ms);
                cleaned = true;
            });
        };
        const auto body = [&](scope& s) { spawn_in(s, kind, slow_to_unwind); };
        const auto as_task = [&](scope& s) -> task<> {
            body(s);
            co_return;
        };
        EXPECT_THROW(
            get_as(kind,
                   [&] { return weft::with_timeout(1ms, [&] { return with_scope(as_task); }); }),
            weft::timed_out);
        EXPECT_TRUE(cleaned);
    });
}

TEST(with_scope, runs_plain_code_in_a_fiber) {
    on_every_loop([] {
        int ended = 0;
        const int n = await(with_scope([&ended](scope& s) {
            for (int i = 0; i < 5; ++i)
                s.spawn([&ended, i] {
                    await(sleep(i * 1us));
                    ++ended;
                });
            await(s.join());
            return ended;
        }));
        EXPECT_EQ(n, 5);
    });
}

TEST(with_scope, unwinds_a_body_of_plain_code) {
    on_every_loop([] {
        EXPECT_THROW(await(with_scope([](scope& s) {
                         s.spawn(fail_later("a child"));
                         await(for_ever());
                     })),
                     weft::exception_group);
    });
}

}  // namespace
