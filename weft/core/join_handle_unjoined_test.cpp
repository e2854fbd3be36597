#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

// R13: an error that nobody joined is reported when the coroutine has ended and no handle is left.
// And what handles give that outlive their loop.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using weft::await;
using weft::join_handle;
using weft::options;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::captured_unhandled;
using weft::testing::collected_reports;
using weft::testing::counted;
using weft::testing::thrown;
using weft::testing::with_every_loop;

task<> fail(std::string text) {
    co_await yield_now();
    throw std::runtime_error(text);
}
void fail_as_fiber(const std::string& text) {
    await(yield_now());
    throw std::runtime_error(text);
}

/// Runs `program(reports)` on every loop, and `check(reports)` after the end.
template <class Program, class Check>
void with_reports(Program program, Check check) {
    with_every_loop([&](const options& how) {
        collected_reports reports;
        weft::run(options(how).on_unhandled(reports.for_unhandled()), [&] { program(reports); });
        check(reports);
    });
}

TEST(unjoined, error_is_reported_once_with_the_coroutine_that_nobody_holds) {
    with_reports(
        [](const collected_reports& reports) {
            spawn(fail("of a task")).name("careless").detach();
            await(sleep(1ms));
            EXPECT_THAT(reports.all(),
                        ElementsAre(AllOf(HasSubstr("std::runtime_error: of a task"),
                                          HasSubstr("'careless'"),
                                          HasSubstr("join_handle_unjoined_test.cpp"))));
            spawn(fail_as_fiber, "of a fiber").detach();
            await(sleep(1ms));
        },
        [](const collected_reports& reports) { EXPECT_THAT(reports.all(), SizeIs(2)); });
}

TEST(unjoined, error_is_not_reported_while_a_handle_is_left) {
    with_reports(
        [](const collected_reports& reports) {
            auto h = spawn(fail("late"));
            auto copy = h;
            await(h.join());  // waits, and is told nothing
            h.detach();
            EXPECT_THAT(reports.all(), IsEmpty());
            copy.detach();
            EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("late")));
        },
        [](const collected_reports& reports) { EXPECT_THAT(reports.all(), SizeIs(1)); });
}

TEST(unjoined, error_is_not_reported_when_somebody_was_told) {
    with_reports(
        [](const collected_reports&) {
            EXPECT_THROW(await(spawn(fail("joined"))), std::runtime_error);
            auto asked = spawn(fail("asked for"));
            await(asked.join());
            EXPECT_NE(asked.error(), nullptr);
            auto taken = spawn(fail("as a value"));
            await(taken.join());
            EXPECT_THROW(taken.value(), std::runtime_error);
        },
        [](const collected_reports& reports) { EXPECT_THAT(reports.all(), IsEmpty()); });
}

TEST(unjoined, error_is_reported_when_its_joiner_was_cancelled_before) {
    with_reports(
        [](const collected_reports&) {
            auto one = spawn([] {
                await(sleep(10ms));
                throw std::runtime_error("afterwards");
            });
            auto joiner = spawn([h = std::move(one)] { await(h); });
            await(sleep(1ms));
            joiner.cancel();
            await(joiner.join());
            joiner.detach();
            await(sleep(100ms));
        },
        [](const collected_reports& reports) {
            EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("afterwards")));
        });
}

TEST(unjoined, error_is_reported_after_a_link_that_did_not_look_at_it) {
    with_reports(
        [](const collected_reports& reports) {
            int called = 0;
            auto h = spawn(fail("linked"));
            h.link([&](const join_handle<void>& ended) {
                EXPECT_TRUE(ended.ready());
                EXPECT_THAT(reports.all(), IsEmpty());
                ++called;
            });
            h.detach();
            while (called == 0) await(sleep(1ms));
        },
        [](const collected_reports& reports) { EXPECT_THAT(reports.all(), SizeIs(1)); });
}

TEST(unjoined, cancellation_is_no_error) {
    with_reports(
        [](const collected_reports&) {
            auto h = spawn([] { await(sleep(24h)); });
            await(yield_now());
            h.cancel();
            h.detach();
            await(sleep(1ms));
            spawn([] { await(sleep(24h)); }).detach();  // ended by the end of run()
        },
        [](const collected_reports& reports) { EXPECT_THAT(reports.all(), IsEmpty()); });
}

TEST(unjoined, error_goes_to_the_process_handler_by_default) {
    const captured_unhandled reports;
    weft::run(options().watchdog({}), [] {
        spawn(fail("by default")).detach();
        await(sleep(1ms));
    });
    EXPECT_THAT(reports.all(),
                ElementsAre(AllOf(HasSubstr("by default"), HasSubstr("which nobody joined"))));
}

struct by_handle;
using counter = counted<by_handle>;

TEST(join_handle, outlives_its_loop_with_its_value) {
    with_every_loop([](const options& how) {
        counter::reset();
        std::optional<join_handle<counter>> kept;
        std::optional<join_handle<int>> small;
        std::optional<join_handle<std::unique_ptr<int>>> unique;
        weft::run(how, [&] {
            kept = spawn([] { return counter(8); });
            small = spawn([]() -> task<int> { co_return 9; });
            unique = spawn([] { return std::make_unique<int>(10); });
            await(kept->join());
            await(small->join());
            await(unique->join());
        });
        EXPECT_TRUE(kept->ready() && kept->successful());
        EXPECT_EQ(kept->value().value, 8);
        EXPECT_EQ(small->value(), 9);
        EXPECT_EQ(*unique->value(), 10);
        kept->cancel();  // it has ended: nothing happens
        EXPECT_EQ(kept->error(), nullptr);
        EXPECT_THROW(kept->link([](const auto&) {}), weft::usage_error);
        EXPECT_EQ(counter::now.live, 1);
        auto copy = *kept;
        kept.reset();
        EXPECT_EQ(counter::now.live, 1);
        copy.detach();
        EXPECT_EQ(counter::now.live, 0);
    });
}

TEST(join_handle, outlives_its_loop_and_is_awaited_on_another) {
    with_every_loop([](const options& how) {
        std::optional<join_handle<int>> kept;
        weft::run(how, [&]() -> task<> {
            kept = spawn([] { return 9; });
            co_await kept->join();
        });
        EXPECT_EQ(weft::run(how, [&] { return await(*kept); }), 9);
    });
}

TEST(join_handle, outlives_its_loop_with_its_error_which_is_reported_when_it_goes) {
    with_every_loop([](const options& how) {
        const captured_unhandled reports;
        std::optional<join_handle<void>> observed;
        std::optional<join_handle<void>> unobserved;
        std::optional<join_handle<void>> cut_off;
        weft::run(how, [&] {
            observed = spawn(fail("seen"));
            unobserved = spawn(fail("unseen")).name("left over");
            cut_off = spawn([] { await(sleep(24h)); });
            await(observed->join());
            await(unobserved->join());
        });
        EXPECT_EQ(thrown<std::runtime_error>([&] { observed->value(); }), "seen");
        EXPECT_TRUE(cut_off->was_cancelled());
        EXPECT_THAT(thrown<weft::child_cancelled>([&] { cut_off->value(); }),
                    HasSubstr("run() ends"));
        EXPECT_EQ(unobserved->name(), "left over");
        EXPECT_THAT(reports.all(), IsEmpty());
        observed.reset();
        unobserved.reset();
        cut_off.reset();
        EXPECT_THAT(reports.all(),
                    ElementsAre(AllOf(HasSubstr("unseen"), HasSubstr("'left over'"))));
    });
}

}  // namespace
