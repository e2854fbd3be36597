#include "weft/core/cancelled.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/spawn_later.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::cancel_reason;
using weft::cancelled;
using weft::child_cancelled;
using weft::join_handle;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::for_ever;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// Of another library: who awaits it is resumed by `fire`.
class foreign_event {
public:
    [[nodiscard]] bool await_ready() const noexcept { return fired_; }
    void await_suspend(std::coroutine_handle<> h) noexcept { waiter_ = h; }
    void await_resume() const noexcept {}
    void fire() {
        fired_ = true;
        if (waiter_) std::exchange(waiter_, nullptr).resume();
    }
    [[nodiscard]] bool is_awaited() const noexcept { return waiter_ != nullptr; }

private:
    std::coroutine_handle<> waiter_;
    bool fired_ = false;
};

TEST(cancel, ends_one_that_sleeps_at_once) {
    in_both_kinds([](coroutine_kind kind) {
        const auto before = weft::clock::now();
        auto h = spawn_as(kind, [] { return sleep(24h); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_FALSE(h.successful());
        EXPECT_LT(weft::clock::now() - before, 1h);
    });
}

task<> yield_until(const bool& stop) {
    while (!stop) co_await weft::yield_now();
}

TEST(cancel, ends_one_that_yields) {
    in_both_kinds([](coroutine_kind kind) {
        const bool never = false;
        auto h = spawn_as(kind, [&never] { return yield_until(never); });
        for (int i = 0; i < 3; ++i) await(weft::yield_now());
        EXPECT_FALSE(h.ready());
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(cancel, ends_one_that_joins_and_not_the_one_it_joins) {
    in_both_kinds([](coroutine_kind kind) {
        auto joined = spawn_as(kind, [] { return for_ever(); });
        auto h = spawn_as(kind, [joined] { return joined.join(); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_FALSE(joined.ready());
        joined.cancel();
        await(joined.join());
    });
}

TEST(cancel, is_raised_after_a_foreign_await_which_cannot_be_given_up) {
    in_both_kinds([](coroutine_kind kind) {
        foreign_event e;
        std::vector<std::string> log;
        const auto body = [&]() -> task<> {
            co_await e;
            log.emplace_back("came");
            co_await weft::yield_now();
            log.emplace_back("never");
        };
        auto h = spawn_as(kind, body);
        until([&] { return e.is_awaited(); });
        h.cancel();
        for (int i = 0; i < 5; ++i) await(weft::yield_now());
        EXPECT_FALSE(h.ready());
        e.fire();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("came"));
    });
}

TEST(cancel, of_a_fiber_in_a_foreign_await_is_raised_at_the_next_one) {
    on_every_loop([] {
        foreign_event e;
        bool came = false;
        auto h = spawn([&] {
            await(e);
            came = true;
            await(e);  // is ready, but every await raises
            ADD_FAILURE() << "it was not raised";
        });
        until([&] { return e.is_awaited(); });
        h.cancel();
        e.fire();
        await(h.join());
        EXPECT_TRUE(came);
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(cancel, before_its_beginning_one_is_cancelled_at_its_first_await) {
    in_both_kinds([](coroutine_kind kind) {
        int reached = 0;
        const auto body = [&reached]() -> task<> {
            ++reached;
            co_await weft::yield_now();
            ++reached;
        };
        auto h = spawn_as(kind, body);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(reached, 1);
    });
}

TEST(cancel, before_its_time_one_that_was_spawned_for_later_never_begins) {
    on_every_loop([] {
        bool began = false;
        const auto as_fiber = [&began] { began = true; };
        const auto as_task = [&began]() -> task<> {
            began = true;
            co_return;
        };
        auto fiber = weft::spawn_later(1h, as_fiber);
        auto late = weft::spawn_later(1h, as_task);
        auto made = weft::spawn_later(1h, as_task());
        until_it_waits(fiber);
        until_it_waits(late);
        fiber.cancel();
        late.cancel();
        made.cancel();
        await(fiber.join());
        await(late.join());
        await(made.join());
        EXPECT_TRUE(fiber.was_cancelled() && late.was_cancelled() && made.was_cancelled());
        EXPECT_FALSE(began);
    });
}

task<> cancel_oneself(const join_handle<void>& self, std::string& log) {
    self.cancel();
    log += "goes on, ";
    try {
        co_await weft::yield_now();
    } catch (const cancelled&) {
        log += "until its next await";
        throw;
    }
}

TEST(cancel, of_the_running_one_is_raised_at_its_next_await) {
    in_both_kinds([](coroutine_kind kind) {
        join_handle<void> h;
        std::string log;
        h = spawn_as(kind, [&] { return cancel_oneself(h, log); });
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(log, "goes on, until its next await");
    });
}

TEST(cancel, of_one_that_has_ended_does_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn_as(kind, []() -> task<int> { co_return 5; });
        await(h.join());
        h.cancel();
        h.cancel();
        EXPECT_TRUE(h.successful());
        EXPECT_EQ(await(h), 5);
    });
}

TEST(cancel, twice_is_as_once_and_the_first_is_the_origin) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<weft::cancel_origin> {
            try {
                co_await for_ever();
            } catch (const cancelled& c) {
                co_return c.origin();
            }
            co_return weft::cancel_origin();
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        const unsigned first = __LINE__ + 1;
        h.cancel();
        h.cancel();
        EXPECT_EQ(await(h).where().line(), first);
    });
}

TEST(cancel, says_who_did_it_and_where_and_why) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<weft::cancel_origin> {
            try {
                co_await for_ever();
            } catch (const cancelled& c) {
                co_return c.origin();
            }
            co_return weft::cancel_origin();
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        unsigned line = 0;
        auto killer = spawn([&h, &line] {
            line = __LINE__ + 1;
            h.cancel();
        });
        const weft::cancel_origin origin = await(h);
        EXPECT_EQ(origin.reason(), cancel_reason::request);
        EXPECT_EQ(origin.by(), killer.id());
        EXPECT_EQ(origin.where().line(), line);
        EXPECT_THAT(origin.where().file_name(), HasSubstr("cancelled_test.cpp"));
        EXPECT_THAT(origin.text(), HasSubstr("cancelled_test.cpp:" + std::to_string(line)));
    });
}

TEST(cancel, of_a_child_is_an_error_for_who_joins_it) {
    in_both_kinds([](coroutine_kind kind) {
        auto child = spawn_as(kind, []() -> task<int> {
            co_await for_ever();
            co_return 1;
        });
        auto joiner = spawn_as(kind, [child]() -> task<std::string> {
            try {
                co_await child;
            } catch (const child_cancelled& e) {
                co_return e.what();
            }
            co_return "";
        });
        until_it_waits(joiner);
        child.cancel();
        const std::string text = await(joiner);
        EXPECT_THAT(text, HasSubstr("cancelled"));
        EXPECT_THAT(text, HasSubstr("cancelled_test.cpp:"));
        EXPECT_EQ(thrown<child_cancelled>([&] { await(child); }), text);
        EXPECT_EQ(thrown<child_cancelled>([&] { (void)child.value(); }), text);
        EXPECT_NE(child.error(), nullptr);
    });
}

TEST(cancel, that_nobody_joined_is_not_reported) {
    int reported = 0;
    weft::options how;
    how.on_unhandled([&](const std::exception_ptr&, std::string_view) { ++reported; });
    weft::testing::simulation(1, how).run([] {
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            auto h = spawn_as(kind, [] { return for_ever(); });
            until_it_waits(h);
            h.cancel();
        }
    });
    EXPECT_EQ(reported, 0);
}

TEST(cancel, by_the_end_of_run_says_so) {
    for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
        auto seen = std::make_shared<weft::cancel_origin>();
        weft::testing::simulation(1).run([&] {
            const auto body = [seen]() -> task<> {
                try {
                    co_await for_ever();
                } catch (const cancelled& c) {
                    *seen = c.origin();
                    throw;
                }
            };
            auto h = spawn_as(kind, body);
            until_it_waits(h);
            h.detach();
        });
        EXPECT_EQ(seen->reason(), cancel_reason::loop_ends);
        EXPECT_EQ(seen->by(), 0u);
    }
}

using witness = counted<struct of_cancel>;

task<> nest(int depth, int& raised) {
    const witness w(depth);
    try {
        if (depth == 0)
            co_await for_ever();
        else
            co_await nest(depth - 1, raised);
    } catch (const cancelled&) {
        ++raised;
        throw;
    }
}

void nest_in_fiber(int depth, int& raised) {
    const witness w(depth);
    try {
        if (depth == 0)
            await(for_ever());
        else if (depth % 3 == 0)
            await(nest(depth - 1, raised));
        else
            nest_in_fiber(depth - 1, raised);
    } catch (const cancelled&) {
        ++raised;
        throw;
    }
}

// PROGRAMS.md, B.12: killing a task inside nested awaits unwinds them all.
TEST(cancel, unwinds_ten_awaits_from_the_innermost) {
    in_both_kinds([](coroutine_kind kind) {
        witness::reset();
        int raised = 0;
        auto h = spawn_as(kind, [&raised] { return nest(10, raised); });
        until_it_waits(h);
        EXPECT_EQ(witness::now.live, 11);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(raised, 11);
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(cancel, unwinds_a_fiber_that_awaits_tasks) {
    on_every_loop([] {
        witness::reset();
        int raised = 0;
        auto h = spawn([&raised] { nest_in_fiber(10, raised); });
        until_it_waits(h);
        EXPECT_EQ(witness::now.live, 11);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(raised, 11);
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(cancel, by_the_joined_one_when_it_has_ended_gives_its_result) {
    in_both_kinds([](coroutine_kind kind) {
        bool stop = false;
        auto child = spawn([&stop] {
            until([&] { return stop; });
            return 7;
        });
        auto h = spawn_as(kind, [&child] { return child.get(); });
        until_it_waits(h);
        stop = true;
        until([&] { return child.ready(); });
        h.cancel();  // it is ready: what it waited for has come
        EXPECT_EQ(await(h), 7);
    });
}

TEST(cancel, turned_into_an_error_is_that_error) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<> {
            try {
                co_await for_ever();
            } catch (const cancelled&) {
                throw std::runtime_error("gave up");
            }
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        h.cancel();
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(h); }), "gave up");
        EXPECT_FALSE(h.was_cancelled());
    });
}

TEST(cancel, is_no_std_exception) {
    EXPECT_FALSE((std::is_base_of_v<std::exception, cancelled>));
    EXPECT_TRUE((std::is_base_of_v<std::exception, child_cancelled>));
}

}  // namespace
