#include "weft/core/cancel_scope.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::await;
using weft::cancel_scope;
using weft::cancelled;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::with_cancel;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

task<int> cancel_and_wait(cancel_scope& s) {
    s.cancel();
    co_await weft::yield_now();
    co_return 1;
}
task<int> do_not_cancel(cancel_scope&) {
    co_await weft::yield_now();
    co_return 2;
}

TEST(with_cancel, gives_what_its_body_gives) {
    in_both_kinds([](coroutine_kind kind) {
        const std::optional<int> n = get_as(kind, [] { return with_cancel(do_not_cancel); });
        EXPECT_EQ(n, 2);
    });
}

TEST(with_cancel, gives_nothing_when_it_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        const std::optional<int> n = get_as(kind, [] { return with_cancel(cancel_and_wait); });
        EXPECT_EQ(n, std::nullopt);
    });
}

TEST(with_cancel, of_a_body_without_result_says_whether_it_came_to_its_end) {
    in_both_kinds([](coroutine_kind kind) {
        const auto ends = [](cancel_scope&) { return weft::yield_now(); };
        const auto does_not = [](cancel_scope& s) {
            s.cancel();
            return for_ever();
        };
        EXPECT_TRUE(get_as(kind, [&] { return with_cancel(ends); }));
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(does_not); }));
    });
}

TEST(with_cancel, lets_errors_pass) {
    in_both_kinds([](coroutine_kind kind) {
        const auto fails = [](cancel_scope& s) -> task<> {
            s.cancel();
            throw std::runtime_error("mine");
            co_return;
        };
        EXPECT_EQ(
            thrown<std::runtime_error>([&] { get_as(kind, [&] { return with_cancel(fails); }); }),
            "mine");
    });
}

TEST(with_cancel, after_it_awaits_are_as_before) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<int> {
            int absorbed = 0;
            for (int i = 0; i < 3; ++i) {
                const std::optional<int> n = co_await with_cancel(cancel_and_wait);
                absorbed += n ? 0 : 1;
                co_await weft::yield_now();
            }
            co_return absorbed;
        };
        EXPECT_EQ(get_as(kind, body), 3);
    });
}

// R9: a scope absorbs the cancellation that is its own, and no other.
TEST(with_cancel, lets_the_cancellation_of_an_outer_one_pass) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<std::string> log;
        const auto inner = [&log](cancel_scope&, cancel_scope& outer) -> task<> {
            outer.cancel();
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                log.emplace_back("inner");
                throw;
            }
        };
        const auto outer = [&](cancel_scope& s) -> task<> {
            co_await with_cancel(inner, std::ref(s));
            log.emplace_back("never");
        };
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(outer); }));
        EXPECT_THAT(log, ElementsAre("inner"));
    });
}

TEST(with_cancel, of_both_the_outer_one_absorbs) {
    in_both_kinds([](coroutine_kind kind) {
        bool inner_absorbed = false;
        const auto inner = [](cancel_scope& mine, cancel_scope& outer) -> task<> {
            mine.cancel();
            outer.cancel();
            co_await for_ever();
        };
        const auto outer = [&](cancel_scope& s) -> task<> {
            co_await with_cancel(inner, std::ref(s));
            inner_absorbed = true;
        };
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(outer); }));
        EXPECT_FALSE(inner_absorbed);
    });
}

TEST(with_cancel, of_which_the_outer_is_cancelled_while_the_inner_unwinds_absorbs_one_by_one) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<std::string> log;
        const auto inner = [&log](cancel_scope& mine, cancel_scope& outer) -> task<> {
            mine.cancel();
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                log.emplace_back("inner unwinds");
                outer.cancel();
                throw;  // names the inner one
            }
        };
        const auto outer = [&](cancel_scope& s) -> task<> {
            const bool ended = co_await with_cancel(inner, std::ref(s));
            log.emplace_back(ended ? "never" : "inner absorbs");
            co_await weft::yield_now();
            log.emplace_back("never");
        };
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(outer); }));
        EXPECT_THAT(log, ElementsAre("inner unwinds", "inner absorbs"));
    });
}

TEST(with_cancel, does_not_absorb_the_cancellation_of_its_coroutine) {
    in_both_kinds([](coroutine_kind kind) {
        bool passed = false;
        const auto body = [&passed]() -> task<> {
            co_await with_cancel([](cancel_scope&) { return for_ever(); });
            passed = true;
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_FALSE(passed);
    });
}

TEST(with_cancel, is_cancelled_by_another_coroutine) {
    in_both_kinds([](coroutine_kind kind) {
        cancel_scope* inside = nullptr;
        const auto body = [&inside](cancel_scope& s) {
            inside = &s;
            return sleep(24h);
        };
        auto h = spawn_as(kind, [&] { return with_cancel(body); });
        until_it_waits(h);
        EXPECT_FALSE(inside->cancelled());
        inside->cancel();
        EXPECT_TRUE(inside->cancelled());
        EXPECT_FALSE(await(h));
    });
}

TEST(with_cancel, reaches_a_body_that_is_nested_deep) {
    in_both_kinds([](coroutine_kind kind) {
        cancel_scope* outermost = nullptr;
        int passed = 0;
        struct nested {
            static task<> run(int depth, int& passed) {
                if (depth == 0) co_return co_await for_ever();
                const bool ended =
                    co_await with_cancel([](cancel_scope&, int d, int& p) { return run(d, p); },
                                         depth - 1, std::ref(passed));
                passed += ended ? 1 : 100;
            }
        };
        const auto body = [&](cancel_scope& s) {
            outermost = &s;
            return nested::run(20, passed);
        };
        auto h = spawn_as(kind, [&] { return with_cancel(body); });
        until_it_waits(h);
        outermost->cancel();
        EXPECT_FALSE(await(h));
        EXPECT_EQ(passed, 0);
    });
}

TEST(with_cancel, does_not_reach_what_its_body_has_spawned) {
    in_both_kinds([](coroutine_kind kind) {
        weft::join_handle<void> spawned;
        const auto body = [&](cancel_scope& s) {
            spawned = spawn_as(kind, [] { return for_ever(); });
            s.cancel();
            return for_ever();
        };
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(body); }));
        EXPECT_FALSE(spawned.ready());
        spawned.cancel();
        await(spawned.join());
    });
}

TEST(with_cancel, that_is_cancelled_when_the_body_has_its_result_gives_it) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [](cancel_scope& s) -> task<int> {
            s.cancel();
            co_return 3;
        };
        EXPECT_EQ(get_as(kind, [&] { return with_cancel(body); }), 3);
    });
}

TEST(with_cancel, runs_plain_code_in_a_fiber) {
    on_every_loop([] {
        int reached = 0;
        const bool ended = await(with_cancel([&](cancel_scope& s) {
            await(weft::yield_now());
            ++reached;
            s.cancel();
            ++reached;
            await(weft::yield_now());
            ++reached;
        }));
        EXPECT_FALSE(ended);
        EXPECT_EQ(reached, 2);
        EXPECT_EQ(await(with_cancel([] { return 5; })), 5);
    });
}

TEST(with_cancel, gives_what_can_only_be_moved) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [](cancel_scope&, std::unique_ptr<int> p) -> task<std::unique_ptr<int>> {
            co_await weft::yield_now();
            ++*p;
            co_return p;
        };
        auto got = get_as(kind, [&] { return with_cancel(body, std::make_unique<int>(1)); });
        ASSERT_TRUE(got.has_value());
        EXPECT_EQ(**got, 2);
    });
}

/// Where two coroutines race and the loser is cancelled.
TEST(with_cancel, makes_a_race) {
    in_both_kinds([](coroutine_kind kind) {
        std::string winner;
        cancel_scope* slow_one = nullptr;
        const auto slow = [&](cancel_scope& s) -> task<> {
            slow_one = &s;
            co_await sleep(2s);
            winner += "slow";
        };
        auto loser = spawn_as(kind, [&] { return with_cancel(slow); });
        auto fast = spawn_as(kind, [&]() -> task<> {
            co_await sleep(1ms);
            winner += "fast";
            slow_one->cancel();
        });
        EXPECT_FALSE(await(loser));
        await(fast);
        EXPECT_EQ(winner, "fast");
    });
}

/// A coroutine of another library: begins at once, and nobody waits for it.
class detached {
public:
    class promise_type {
    public:
        promise_type() noexcept = default;
        detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { ADD_FAILURE() << "an error got away"; }
    };
};

detached sleep_detached(std::string& log) {
    try {
        co_await sleep(24h);
    } catch (const cancelled&) {
        log += "cancelled, ";
    }
    log += "ended";
}

TEST(with_cancel, reaches_a_foreign_coroutine_that_was_begun_in_it) {
    in_both_kinds([](coroutine_kind kind) {
        std::string log;
        const auto body = [&log](cancel_scope& s) {
            sleep_detached(log);
            s.cancel();
            return for_ever();
        };
        EXPECT_FALSE(get_as(kind, [&] { return with_cancel(body); }));
        until([&] { return log.find("ended") != std::string::npos; });
        EXPECT_EQ(log, "cancelled, ended");
    });
}

TEST(with_cancel, may_be_left_while_a_foreign_coroutine_that_was_begun_in_it_waits) {
    std::string log;
    for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
        log.clear();
        weft::testing::simulation(1).run([&] {
            const auto body = [&log] { sleep_detached(log); };
            EXPECT_TRUE(get_as(kind, [&] {
                return with_cancel([&]() -> task<> {
                    body();
                    co_return;
                });
            }));
            EXPECT_EQ(log, "");
        });
        EXPECT_EQ(log, "cancelled, ended") << "by the end of run";
    }
}

}  // namespace
