#include "weft/core/cancel_scope.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"

#include <cerrno>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::cancel_scope;
using weft::cancelled;
using weft::clock;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::timed_out;
using weft::with_deadline;
using weft::with_timeout;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::made_by;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// Whether it ended by a deadline.
template <class Make>
bool times_out(coroutine_kind kind, Make make) {
    try {
        static_cast<void>(get_as(kind, std::move(make)));
        return false;
    } catch (const timed_out&) {
        return true;
    }
}

task<int> seven() {
    co_await weft::yield_now();
    co_return 7;
}
task<int> seven_tomorrow() {
    co_await sleep(24h);
    co_return 7;
}

void for_ever_in_fiber() {
    await(for_ever());
}

task<int> ends_late(weft::join_handle<void> other) {
    int late = 0;
    try {
        co_await with_timeout(1ms, sleep(24h));
    } catch (const timed_out&) {
        ++late;
    }
    try {
        co_await with_timeout(1ms, other.join());
    } catch (const timed_out&) {
        ++late;
    }
    auto named = weft::sleep(24h);
    try {
        co_await with_timeout(1ms, named);
    } catch (const timed_out&) {
        ++late;
    }
    co_return late;
}

TEST(with_timeout, gives_what_is_there_in_time) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return with_timeout(24h, seven()); }), 7);
        EXPECT_EQ(get_as(kind, [] { return with_timeout(24h, seven); }), 7);
    });
}

TEST(with_timeout, ends_what_is_late) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(1ms, seven_tomorrow()); }));
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(1ms, seven_tomorrow); }));
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(1ms, for_ever); }));
    });
}

// Awaiters do not move: a temporary lives as long as the expression that awaits.
TEST(with_timeout, takes_awaiters_where_they_are_awaited) {
    on_every_loop([] {
        auto other = spawn(for_ever_in_fiber);
        auto h = spawn(
            [](weft::join_handle<void> joined) -> task<> {
                const int late = co_await ends_late(joined);
                EXPECT_EQ(late, 3);
            },
            other);
        await(h);
        EXPECT_THROW(await(with_timeout(1ms, sleep(24h))), timed_out);
        EXPECT_THROW(await(with_timeout(1ms, other.join())), timed_out);
        EXPECT_FALSE(other.ready());
        auto named = weft::sleep(24h);
        EXPECT_THROW(await(with_timeout(1ms, named)), timed_out);
    });
}

TEST(with_timeout, ends_at_its_time_and_not_before) {
    weft::testing::simulation(1).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            const auto before = clock::now();
            EXPECT_TRUE(times_out(kind, [] { return with_timeout(90min, for_ever); }));
            EXPECT_EQ(clock::now() - before, 90min);
        }
    });
}

TEST(with_timeout, of_a_handle_ends_only_the_wait) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn_as(kind, [] { return for_ever(); });
        EXPECT_TRUE(times_out(kind, [&h] { return with_timeout(1ms, h); }));
        EXPECT_TRUE(times_out(kind, [&h] { return with_timeout(1ms, [&h] { return h.join(); }); }));
        EXPECT_FALSE(h.ready());
        h.cancel();
        await(h.join());
    });
}

TEST(with_timeout, takes_a_handle_by_reference_or_by_value) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn(seven());
        EXPECT_EQ(get_as(kind, [&h] { return with_timeout(24h, h); }), 7);
        EXPECT_EQ(get_as(kind, [] { return with_timeout(24h, spawn(seven())); }), 7);
    });
}

TEST(with_timeout, of_a_callable_with_arguments_with_and_without_the_scope) {
    in_both_kinds([](coroutine_kind kind) {
        const auto add = [](int a, const std::string& b) -> task<std::string> {
            co_await weft::yield_now();
            co_return std::to_string(a) + b;
        };
        const auto add_with_scope = [](cancel_scope& s, int a,
                                       const std::string& b) -> task<std::string> {
            co_await weft::yield_now();
            co_return std::to_string(a) + b + (s.deadline() == clock::never ? "?" : "");
        };
        const std::string half = "b, long enough that it is not inside of the string";
        EXPECT_EQ(get_as(kind, [&] { return with_timeout(24h, add, 1, half); }), "1" + half);
        EXPECT_EQ(get_as(kind, [&] { return with_timeout(24h, add_with_scope, 1, half); }),
                  "1" + half);
    });
}

TEST(with_timeout, says_which_one_was_over_with_the_code_of_the_system) {
    in_both_kinds([](coroutine_kind kind) {
        unsigned line = 0;
        const auto body = [&line]() -> task<> {
            line = __LINE__ + 1;
            co_await with_timeout(1ms, for_ever);
        };
        try {
            get_as(kind, body);
            ADD_FAILURE() << "it did not end";
        } catch (const timed_out& e) {
            EXPECT_EQ(e.code().value(), ETIMEDOUT);
            EXPECT_EQ(e.code(), std::errc::timed_out);
            EXPECT_THAT(e.what(),
                        HasSubstr("cancel_scope_timeout_test.cpp:" + std::to_string(line)));
            EXPECT_EQ(e.origin().reason(), weft::cancel_reason::deadline);
        }
    });
}

TEST(with_timeout, says_where_it_was_set_in_a_fiber_too) {
    on_every_loop([] {
        const unsigned line = __LINE__ + 1;
        const std::string text = thrown<timed_out>([] { await(with_timeout(1ms, for_ever)); });
        EXPECT_THAT(text, HasSubstr("cancel_scope_timeout_test.cpp:" + std::to_string(line)));
    });
}

/// Which of two nested deadlines ends the body.
task<std::string> nested(clock::duration outer, clock::duration inner) {
    const auto within = [](clock::duration d) -> task<std::string> {
        std::string ended = "by nobody";
        try {
            co_await with_timeout(d, for_ever);
        } catch (const timed_out&) {
            ended = "by the inner";
        }
        co_await weft::yield_now();
        co_return ended;
    };
    std::string ended = "by the outer";
    try {
        ended = co_await with_timeout(outer, within, inner);
    } catch (const timed_out&) {}
    co_return ended;
}

TEST(with_timeout, nests_and_the_nearest_wins) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return nested(24h, 1ms); }), "by the inner");
        EXPECT_EQ(get_as(kind, [] { return nested(1ms, 24h); }), "by the outer");
    });
}

TEST(with_timeout, that_expires_while_an_inner_one_unwinds_ends_what_comes_after) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<std::string> log;
        const auto slow_to_unwind = [&log](cancel_scope& outer) -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                outer.set_deadline(clock::now());
                log.emplace_back("unwinds");
                throw;
            }
        };
        const auto body = [&](cancel_scope& outer) -> task<> {
            try {
                co_await with_timeout(1ms, slow_to_unwind, std::ref(outer));
            } catch (const timed_out&) {
                log.emplace_back("inner");
            }
            co_await for_ever();
        };
        EXPECT_TRUE(times_out(kind, [&] { return with_timeout(24h, body); }));
        EXPECT_THAT(log, ElementsAre("unwinds", "inner"));
    });
}

TEST(with_timeout, of_zero_or_less_ends_at_the_first_wait) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(0s, for_ever); }));
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(-1s, for_ever); }));
        EXPECT_TRUE(times_out(kind, [] { return with_timeout(-1e30s, for_ever); }));
        EXPECT_TRUE(
            times_out(kind, [] { return with_deadline(clock::time_point::min(), for_ever); }));
        const auto now = []() -> task<int> { co_return 1; };
        EXPECT_EQ(get_as(kind, [&] { return with_timeout(0s, now); }), 1);
        EXPECT_EQ(get_as(kind, [&] { return with_timeout(-1s, now); }), 1);
    });
}

TEST(with_timeout, of_more_than_time_has_never_ends) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return with_timeout(1e30s, seven); }), 7);
        EXPECT_EQ(get_as(kind, [] { return with_timeout(std::chrono::hours::max(), seven); }), 7);
        EXPECT_EQ(get_as(kind, [] { return with_timeout(clock::duration::max(), seven); }), 7);
        EXPECT_EQ(get_as(kind, [] { return with_deadline(clock::never, seven); }), 7);
        EXPECT_EQ(get_as(kind,
                         [] {
                             return with_timeout(std::chrono::duration<double>(
                                                     std::numeric_limits<double>::infinity()),
                                                 seven);
                         }),
                  7);
    });
}

TEST(with_timeout, gives_what_was_there_in_time_however_late_it_runs) {
    weft::testing::simulation(1).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            const auto body = [](cancel_scope& s) -> task<int> {
                co_await sleep(1s);
                s.set_deadline(clock::now());
                co_return 7;
            };
            EXPECT_EQ(get_as(kind, [&] { return with_timeout(2s, body); }), 7);
        }
    });
}

TEST(with_timeout, can_be_put_off_while_it_runs) {
    weft::testing::simulation(1).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            cancel_scope* inside = nullptr;
            const auto body = [&inside](cancel_scope& s) -> task<int> {
                inside = &s;
                co_await sleep(3h);
                co_return 7;
            };
            auto h = spawn_as(kind, [&] { return with_timeout(1h, body); });
            until_it_waits(h);
            EXPECT_EQ(inside->deadline(), clock::now() + 1h);
            await(sleep(30min));
            inside->set_deadline(clock::now() + 4h);
            EXPECT_EQ(await(h), 7);
        }
    });
}

TEST(with_timeout, can_be_taken_back_and_brought_forward) {
    weft::testing::simulation(1).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            cancel_scope* inside = nullptr;
            const auto body = [&inside](cancel_scope& s) {
                inside = &s;
                return for_ever();
            };
            auto h = spawn_as(kind, [&] { return with_timeout(1h, body); });
            until_it_waits(h);
            inside->set_deadline(clock::never);
            await(sleep(24h));
            EXPECT_FALSE(h.ready());
            const auto before = clock::now();
            inside->set_deadline(before + 1s);
            EXPECT_THROW(await(h), timed_out);
            EXPECT_EQ(clock::now() - before, 1s);
        }
    });
}

TEST(with_timeout, whose_scope_is_cancelled_ends_too) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = [](cancel_scope& s) {
            s.cancel();
            return for_ever();
        };
        EXPECT_TRUE(times_out(kind, [&] { return with_timeout(24h, body); }));
    });
}

TEST(with_timeout, gives_values_references_and_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        const auto unique = [](int n) -> task<std::unique_ptr<int>> {
            co_await weft::yield_now();
            co_return std::make_unique<int>(n);
        };
        EXPECT_EQ(*get_as(kind, [&] { return with_timeout(24h, unique, 5); }), 5);

        int there = 1;
        const auto refer = [&there]() -> task<int&> {
            co_await weft::yield_now();
            co_return there;
        };
        EXPECT_EQ(&get_as(kind, [&] { return with_timeout(24h, refer); }), &there);

        get_as(kind, [] { return with_timeout(24h, weft::yield_now); });
    });
}

TEST(with_timeout, lets_errors_pass) {
    in_both_kinds([](coroutine_kind kind) {
        const auto fails = []() -> task<> {
            co_await weft::yield_now();
            throw std::runtime_error("mine");
        };
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { get_as(kind, [&] { return with_timeout(24h, fails); }); }),
                  "mine");
    });
}

TEST(with_timeout, is_no_match_for_the_cancellation_of_its_coroutine) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<> {
            try {
                co_await with_timeout(24h, for_ever);
            } catch (const timed_out&) {
                ADD_FAILURE() << "nothing was over";
            }
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(with_timeout, runs_plain_code_in_a_fiber) {
    on_every_loop([] {
        int reached = 0;
        EXPECT_THROW(await(with_timeout(1ms,
                                        [&reached] {
                                            ++reached;
                                            await(for_ever());
                                            ++reached;
                                        })),
                     timed_out);
        EXPECT_EQ(reached, 1);
        EXPECT_EQ(await(with_timeout(24h, [](int a, int b) { return a + b; }, 1, 2)), 3);
    });
}

TEST(with_timeout, leaves_no_timer_behind) {
    weft::testing::simulation world(1);
    world.run([] {
        const std::size_t before = weft::detail::this_scheduler().timers().size();
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            EXPECT_EQ(get_as(kind, [] { return with_timeout(24h, seven); }), 7);
            EXPECT_TRUE(times_out(kind, [] { return with_timeout(1ms, seven_tomorrow); }));
        }
        EXPECT_EQ(weft::detail::this_scheduler().timers().size(), before);
    });
}

TEST(with_timeout, of_many_at_the_same_time_ends_them_all) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<weft::join_handle<void>> all;
        const auto when = clock::now() + 1ms;
        for (int i = 0; i < 200; ++i)
            all.push_back(spawn_as(kind, [when, i] {
                // Half of them sleep just as long as they may.
                return with_deadline(when, weft::sleep_until, i % 2 == 0 ? when : clock::never);
            }));
        int late = 0;
        for (auto& h : all) {
            await(h.join());
            late += h.error() != nullptr ? 1 : 0;
        }
        EXPECT_GE(late, 100);
    });
}

}  // namespace
