#include "weft/core/greenlet.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace {

using ::testing::HasSubstr;
using weft::greenlet;
using weft::greenlet_exit;
using weft::testing::thrown;

TEST(greenlet_throw, raises_where_the_greenlet_is_suspended) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        try {
            main.switch_to();
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("nothing came");
    });
    g.switch_to();
    EXPECT_EQ(g.throw_<std::string>(std::runtime_error("here")), "here");
}

TEST(greenlet_throw, the_greenlet_may_go_on_after_it) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        for (int caught = 0;;) {
            try {
                main.switch_to<void>(caught);
            } catch (int) {
                ++caught;
            }
        }
    });
    EXPECT_EQ(g.switch_to<int>(), 0);
    EXPECT_EQ(g.throw_<int>(1), 1);
    EXPECT_EQ(g.throw_<int>(1), 2);
}

TEST(greenlet_throw, uncaught_it_comes_back_to_the_parent) {
    greenlet main = greenlet::current();
    greenlet g([&main] { main.switch_to(); });
    g.switch_to();
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.throw_(std::runtime_error("round")); }), "round");
    EXPECT_TRUE(g.dead());
}

TEST(greenlet_throw, before_the_beginning_the_body_never_runs) {
    bool ran = false;
    greenlet g([&ran] { ran = true; });
    EXPECT_THROW(g.throw_(1), int);
    EXPECT_TRUE(g.dead());
    EXPECT_FALSE(ran);
}

TEST(greenlet_throw, greenlet_exit_is_returned_and_not_raised) {
    greenlet main = greenlet::current();
    greenlet g([&main] { main.switch_to(); });
    g.switch_to();
    g.throw_(greenlet_exit());
    EXPECT_TRUE(g.dead());
    greenlet by_itself([] { throw greenlet_exit(); });
    [[maybe_unused]] const greenlet_exit value = by_itself.switch_to<greenlet_exit>();
    greenlet fresh([] {});
    fresh.throw_(greenlet_exit());
    EXPECT_TRUE(fresh.dead());
    fresh.throw_(greenlet_exit());
}

TEST(greenlet_throw, in_a_catch_block_the_own_exception_stays) {
    greenlet main = greenlet::current();
    std::string seen;
    greenlet g([&] {
        try {
            throw std::runtime_error("first");
        } catch (const std::exception&) {
            try {
                main.switch_to();
            } catch (const std::logic_error& second) {
                seen = second.what();
            }
            seen += thrown<std::runtime_error>([] { throw; });
        }
    });
    g.switch_to();
    EXPECT_EQ(std::current_exception(), nullptr);
    g.throw_(std::logic_error("second "));
    EXPECT_EQ(seen, "second first");
}

TEST(greenlet_throw, an_empty_exception_ptr_is_refused) {
    greenlet g([] {});
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.throw_(std::exception_ptr()); }),
                HasSubstr("current_exception"));
}

}  // namespace
