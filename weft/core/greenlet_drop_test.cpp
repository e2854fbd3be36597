#include "weft/core/greenlet.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/machine/sanitizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::greenlet;
using weft::testing::farewell;

using log_of_strings = std::vector<std::string>;

TEST(greenlet_drop, unwinds_the_stack_of_a_suspended_one) {
    log_of_strings log;
    {
        greenlet main = greenlet::current();
        greenlet g([&] {
            const farewell outer(log, std::string("outer"));
            const farewell inner(log, std::string("inner"));
            try {
                main.switch_to();
            } catch (const weft::greenlet_exit&) {
                log.emplace_back("exit");
                throw;
            }
        });
        g.switch_to();
    }
    EXPECT_THAT(log, ElementsAre("exit", "inner", "outer"));
}

TEST(greenlet_drop, of_one_of_two_handles_does_nothing) {
    greenlet main = greenlet::current();
    std::optional<greenlet> first(std::in_place, [&main] { main.switch_to(); });
    first->switch_to();
    greenlet second = *first;
    first.reset();
    EXPECT_FALSE(second.dead());
    second.switch_to();
    EXPECT_TRUE(second.dead());
}

TEST(greenlet_drop, goes_down_through_what_the_greenlet_owns) {
    log_of_strings log;
    {
        greenlet main = greenlet::current();
        greenlet outer([&] {
            const farewell mine(log, std::string("outer"));
            greenlet inner([&] {
                const farewell its(log, std::string("inner"));
                main.switch_to();
            });
            inner.switch_to();
        });
        outer.switch_to();
    }
    EXPECT_THAT(log, ElementsAre("inner", "outer"));
}

TEST(greenlet_drop, during_unwinding_by_an_exception_is_fine) {
    log_of_strings log;
    greenlet main = greenlet::current();
    try {
        greenlet g([&] {
            const farewell its(log, std::string("gone"));
            main.switch_to();
        });
        g.switch_to();
        throw std::runtime_error("mine");
    } catch (const std::runtime_error& error) {
        log.emplace_back(error.what());
    }
    EXPECT_THAT(log, ElementsAre("gone", "mine"));
}

TEST(greenlet_drop, a_body_that_returns_in_answer_has_ended) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        try {
            main.switch_to();
        } catch (...) {}
        return 3;
    });
    g.switch_to();
}

std::string reported;

TEST(greenlet_drop, what_the_unwinding_throws_is_reported) {
    reported.clear();
    const auto before =
        weft::set_unhandled_handler([](std::exception_ptr error, std::string_view where) noexcept {
            reported = weft::describe_exception(error) + " in " + std::string(where);
        });
    {
        greenlet main = greenlet::current();
        greenlet g([&main] {
            try {
                main.switch_to();
            } catch (const weft::greenlet_exit&) {
                throw std::runtime_error("cleanup failed");
            }
        });
        g.switch_to();
    }
    weft::set_unhandled_handler(before);
    EXPECT_EQ(reported,
              "std::runtime_error: cleanup failed in unwinding a greenlet that was dropped");
}

TEST(greenlet_drop, of_the_running_one_by_itself_waits_until_it_switches_away) {
    log_of_strings log;
    greenlet main = greenlet::current();
    std::optional<greenlet> g;
    g.emplace([&] {
        const farewell its(log, std::string("unwound"));
        g.reset();
        log.emplace_back("still here");
        main.switch_to();
        log.emplace_back("never");
    });
    g->switch_to();
    EXPECT_THAT(log, ElementsAre("still here", "unwound"));
}

TEST(greenlet_drop, of_the_running_one_that_ends_is_quiet) {
    std::optional<greenlet> g;
    g.emplace([&] {
        g.reset();
        return 4;
    });
    EXPECT_EQ(g->switch_to<int>(), 4);
}

TEST(greenlet_drop, does_not_disturb_the_value_on_its_way) {
    greenlet main = greenlet::current();
    greenlet suspended([&main] { main.switch_to(); });
    suspended.switch_to();
    auto held = std::make_unique<greenlet>(std::move(suspended));
    greenlet g([&main, &held] {
        const int first = main.switch_to<int>();
        held.reset();
        return first;
    });
    g.switch_to();
    EXPECT_EQ(g.switch_to<int>(6), 6);
}

#if !WEFT_TSAN
TEST(greenlet_drop_death, one_that_survives_its_destruction_is_fatal) {
    EXPECT_DEATH(
        {
            greenlet main = greenlet::current();
            greenlet g([&main] {
                for (;;) {
                    try {
                        main.switch_to();
                    } catch (...) {}
                }
            });
            g.switch_to();
        },
        "caught greenlet_exit and switched away again");
}
#endif

}  // namespace
