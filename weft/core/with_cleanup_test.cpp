#include "weft/core/with_cleanup.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/exception_group.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
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
using weft::clock;
using weft::exception_group;
using weft::sleep;
using weft::task;
using weft::with_cleanup;
using weft::testing::captured_unhandled;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::simulation;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

using strings = std::vector<std::string>;

/// Has `fn(kind)` run for both kinds on one simulated loop, for tests of exact times.
template <class F>
void in_both_kinds_on_a_virtual_clock(F fn, weft::options how = {}) {
    simulation world(1, std::move(how));
    world.run([&fn] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            SCOPED_TRACE(kind == coroutine_kind::task ? "as a task" : "as a fiber");
            fn(kind);
        }
    });
}

task<> say(strings& log, std::string what) {
    co_await weft::yield_now();
    log.push_back(std::move(what));
}

TEST(with_cleanup, runs_the_cleanup_after_the_body) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto body = [&log]() -> task<int> {
            co_await say(log, "body");
            co_return 3;
        };
        const auto cleanup = [&log] { return say(log, "cleanup"); };
        EXPECT_EQ(get_as(kind, [&] { return with_cleanup(body, cleanup); }), 3);
        EXPECT_THAT(log, ElementsAre("body", "cleanup"));
    });
}

TEST(with_cleanup, takes_a_task_and_a_cleanup_that_waits_for_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto cleanup = [&log] { log.emplace_back("cleanup"); };
        get_as(kind, [&] { return with_cleanup(say(log, "body"), cleanup); });
        EXPECT_THAT(log, ElementsAre("body", "cleanup"));
    });
}

TEST(with_cleanup, gives_what_can_only_be_moved_and_references) {
    in_both_kinds([](coroutine_kind kind) {
        const auto unique = []() -> task<std::unique_ptr<int>> {
            co_return std::make_unique<int>(4);
        };
        int there = 0;
        const auto refer = [&there]() -> task<int&> { co_return there; };
        const auto nothing = [] {};
        EXPECT_EQ(*get_as(kind, [&] { return with_cleanup(unique, nothing); }), 4);
        EXPECT_EQ(&get_as(kind, [&] { return with_cleanup(refer, nothing); }), &there);
    });
}

TEST(with_cleanup, runs_it_after_an_error_too_and_the_error_goes_on) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto body = []() -> task<> {
            co_await weft::yield_now();
            throw std::runtime_error("of the body");
        };
        const auto cleanup = [&log] { return say(log, "cleanup"); };
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { get_as(kind, [&] { return with_cleanup(body, cleanup); }); }),
                  "of the body");
        EXPECT_THAT(log, ElementsAre("cleanup"));
    });
}

task<> fail(std::string text) {
    co_await weft::yield_now();
    throw std::runtime_error(text);
}

TEST(with_cleanup, gives_the_error_of_the_cleanup) {
    in_both_kinds([](coroutine_kind kind) {
        const auto cleanup = [] { return fail("of the cleanup"); };
        EXPECT_EQ(thrown<std::runtime_error>([&] {
                      get_as(kind, [&] { return with_cleanup(weft::yield_now, cleanup); });
                  }),
                  "of the cleanup");
    });
}

TEST(with_cleanup, gives_both_errors_together) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [] { return fail("of the body"); };
        const auto cleanup = [] { return fail("of the cleanup"); };
        const std::string text = thrown<exception_group>(
            [&] { get_as(kind, [&] { return with_cleanup(body, cleanup); }); });
        EXPECT_THAT(text, HasSubstr("of the body"));
        EXPECT_THAT(text, HasSubstr("of the cleanup"));
    });
}

TEST(with_cleanup, may_wait_although_its_coroutine_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto cleanup = [&log]() -> task<> {
            for (int i = 0; i < 3; ++i) co_await sleep(1us);
            log.emplace_back("cleanup");
        };
        auto h = spawn_as(kind, [&] { return with_cleanup(for_ever, cleanup); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("cleanup"));
    });
}

TEST(with_cleanup, is_not_reached_by_a_cancellation_that_comes_meanwhile) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        bool cleaning = false;
        const auto cleanup = [&]() -> task<> {
            cleaning = true;
            co_await sleep(1ms);
            log.emplace_back("cleanup");
        };
        const auto body = [&]() -> task<> {
            co_await with_cleanup(weft::yield_now, cleanup);
            log.emplace_back("after it");
            co_await weft::yield_now();
            log.emplace_back("never");
        };
        auto h = spawn_as(kind, body);
        weft::testing::until([&] { return cleaning; });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("cleanup", "after it"));
    });
}

TEST(with_cleanup, has_the_grace_time_when_its_coroutine_was_cancelled) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            strings log;
            const auto cleanup = [&log]() -> task<> {
                co_await sleep(2s);
                log.emplace_back("in time");
                co_await sleep(2s);
                log.emplace_back("never");
            };
            auto h = spawn_as(kind, [&] { return with_cleanup(for_ever, cleanup); });
            until_it_waits(h);
            const auto before = clock::now();
            h.cancel();
            await(h.join());
            EXPECT_TRUE(h.was_cancelled());
            EXPECT_EQ(clock::now() - before, 3s);
            EXPECT_THAT(log, ElementsAre("in time"));
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, has_the_grace_time_from_when_it_is_cancelled_meanwhile) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            auto h = spawn_as(kind, [&] { return with_cleanup(weft::yield_now, for_ever); });
            await(sleep(1h));
            EXPECT_FALSE(h.ready());
            const auto before = clock::now();
            h.cancel();
            await(h.join());
            EXPECT_TRUE(h.was_cancelled());
            EXPECT_EQ(clock::now() - before, 3s);
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, has_the_grace_time_when_an_outer_scope_is_cancelled_meanwhile) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            const auto body = [] { return with_cleanup(weft::yield_now, for_ever); };
            const auto before = clock::now();
            EXPECT_THROW(get_as(kind, [&] { return weft::with_timeout(1h, body); }),
                         weft::timed_out);
            EXPECT_EQ(clock::now() - before, 1h + 3s);
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, that_is_shielded_from_the_cancellation_has_no_grace_time) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            strings log;
            const auto cleanup = [&log]() -> task<> {
                co_await sleep(1h);
                log.emplace_back("cleanup");
            };
            const auto body = [&]() { return with_cleanup(weft::yield_now, cleanup); };
            auto h = spawn_as(kind, [&] { return weft::with_shield(body); });
            await(sleep(1s));
            h.cancel();
            await(h.join());
            EXPECT_THAT(log, ElementsAre("cleanup"));
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, without_a_cancellation_has_all_the_time) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            get_as(kind, [] { return with_cleanup(weft::yield_now, [] { return sleep(1h); }); });
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, whose_error_follows_a_cancellation_reports_it) {
    const captured_unhandled reports;
    in_both_kinds_on_a_virtual_clock([](coroutine_kind kind) {
        const auto cleanup = [] { return fail("of the cleanup"); };
        auto h = spawn_as(kind, [&] { return with_cleanup(for_ever, cleanup); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
    EXPECT_THAT(reports.all(),
                ElementsAre(HasSubstr("of the cleanup"), HasSubstr("of the cleanup")));
}

TEST(with_cleanup, nests_and_the_inner_one_comes_first) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto clean = [&log](const char* what) {
            return [&log, what]() -> task<> {
                co_await sleep(1us);
                log.emplace_back(what);
            };
        };
        const auto inner = clean("inner");
        const auto outer = clean("outer");
        const auto body = [&] { return with_cleanup(for_ever, inner); };
        auto h = spawn_as(kind, [&] { return with_cleanup(body, outer); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("inner", "outer"));
    });
}

TEST(with_cleanup, in_a_cleanup_has_its_turn_when_the_grace_time_is_over) {
    in_both_kinds_on_a_virtual_clock(
        [](coroutine_kind kind) {
            strings log;
            const auto last = [&log]() -> task<> {
                co_await sleep(1s);
                log.emplace_back("last");
            };
            const auto first = [&] { return with_cleanup(for_ever, last); };
            auto h = spawn_as(kind, [&] { return with_cleanup(for_ever, first); });
            until_it_waits(h);
            const auto before = clock::now();
            h.cancel();
            await(h.join());
            EXPECT_EQ(clock::now() - before, 4s);
            EXPECT_THAT(log, ElementsAre("last"));
        },
        weft::options().grace(3s));
}

TEST(with_cleanup, after_a_deadline_lets_it_be_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        strings log;
        const auto cleanup = [&log] { return say(log, "cleanup"); };
        const auto body = [&] { return with_cleanup(for_ever, cleanup); };
        EXPECT_THROW(get_as(kind, [&] { return weft::with_timeout(1ms, body); }), weft::timed_out);
        EXPECT_THAT(log, ElementsAre("cleanup"));
    });
}

TEST(with_cleanup, runs_plain_code_in_a_fiber) {
    on_every_loop([] {
        strings log;
        const int n = await(with_cleanup(
            [&log] {
                await(weft::yield_now());
                log.emplace_back("body");
                return 3;
            },
            [&log] {
                await(sleep(1us));
                log.emplace_back("cleanup");
            }));
        EXPECT_EQ(n, 3);
        EXPECT_THAT(log, ElementsAre("body", "cleanup"));
    });
}

TEST(with_cleanup, in_a_fiber_that_was_cancelled_may_wait) {
    on_every_loop([] {
        strings log;
        auto h = weft::spawn([&log] {
            await(with_cleanup([] { await(for_ever()); },
                               [&log] {
                                   await(sleep(1us));
                                   await(say(log, "cleanup"));
                               }));
        });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("cleanup"));
    });
}

/// The end of run cancels everything, and waits for the cleanups.
TEST(with_cleanup, that_waits_for_ever_does_not_keep_run_from_returning) {
    for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
        strings log;
        simulation(1, weft::options().grace(3s)).run([&] {
            const auto cleanup = [&log]() -> task<> {
                try {
                    co_await for_ever();
                } catch (const cancelled&) {
                    log.emplace_back("enough");
                    throw;
                }
            };
            auto h = spawn_as(kind, [=] { return with_cleanup(weft::yield_now, cleanup); });
            await(sleep(1s));
            h.detach();
        });
        EXPECT_THAT(log, ElementsAre("enough"));
    }
}

}  // namespace
