#include "weft/core/greenlet.hpp"

#include "weft/base/thrown_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::HasSubstr;
using weft::greenlet;
using weft::testing::thrown;

TEST(greenlet_parent, is_who_made_it) {
    const greenlet main = greenlet::current();
    greenlet inner([] {});
    bool right = false;
    greenlet outer([&] {
        greenlet child([] {});
        right = child.parent() == outer;
    });
    EXPECT_EQ(inner.parent(), main);
    outer.switch_to();
    EXPECT_TRUE(right);
}

TEST(greenlet_parent, gets_the_value_of_a_finished_one_from_whoever_switched_to_it) {
    greenlet child([] { return 5; });
    greenlet between([&child] { child.switch_to(); });
    EXPECT_EQ(between.switch_to<int>(), 5);
    EXPECT_TRUE(child.dead());
    EXPECT_FALSE(between.dead());
}

TEST(greenlet_parent, gets_an_uncaught_error) {
    greenlet g([] { throw std::runtime_error("below"); });
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.switch_to(); }), "below");
    EXPECT_TRUE(g.dead());
}

TEST(greenlet_parent, an_error_climbs_until_somebody_catches_it) {
    std::string caught;
    greenlet outer([&caught] {
        greenlet middle([] {
            greenlet inner([] { throw std::runtime_error("deep"); });
            inner.switch_to();
        });
        caught = thrown<std::runtime_error>([&] { middle.switch_to(); });
        return 1;
    });
    EXPECT_EQ(outer.switch_to<int>(), 1);
    EXPECT_EQ(caught, "deep");
}

TEST(greenlet_parent, in_place_of_a_dead_one_gets_the_switch) {
    greenlet dead([] {});
    dead.switch_to();
    EXPECT_EQ(dead.switch_to<int>(7), 7);  // Its parent is who switches.
    greenlet g([&dead] { return dead.switch_to<int>(8); });
    EXPECT_EQ(g.switch_to<int>(), 8);
}

TEST(greenlet_parent, in_place_of_a_dead_one_gets_the_error) {
    greenlet dead([] {});
    dead.switch_to();
    EXPECT_THROW(dead.throw_(7), int);
    greenlet g([&dead] { dead.throw_(std::runtime_error("up")); });
    EXPECT_EQ(thrown<std::runtime_error>([&] { g.switch_to(); }), "up");
}

TEST(greenlet_parent, can_be_changed) {
    greenlet other([] { return greenlet::current().parent().switch_to<int>() + 1; });
    other.switch_to();
    greenlet g([] { return 1; });
    g.set_parent(other);
    EXPECT_EQ(g.parent(), other);
    EXPECT_EQ(g.switch_to<int>(), 2);
}

TEST(greenlet_parent, that_has_not_begun_begins_with_the_value) {
    greenlet parent([](int value) { return value * 2; });
    greenlet g([] { return 21; });
    g.set_parent(parent);
    EXPECT_EQ(g.switch_to<int>(), 42);
}

TEST(greenlet_parent, that_has_not_begun_dies_of_the_error) {
    greenlet parent([] {});
    greenlet g([] { throw 3; });
    g.set_parent(parent);
    EXPECT_THROW(g.switch_to(), int);
    EXPECT_TRUE(parent.dead());
}

TEST(greenlet_parent, a_cycle_is_refused) {
    greenlet a([] {});
    greenlet b([] {});
    b.set_parent(a);
    EXPECT_THAT(thrown<weft::usage_error>([&] { a.set_parent(b); }), HasSubstr("descends"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { a.set_parent(a); }), HasSubstr("descends"));
}

TEST(greenlet_parent, a_dead_one_is_refused_and_so_is_one_for_main) {
    greenlet dead([] {});
    dead.switch_to();
    greenlet g([] {});
    EXPECT_THAT(thrown<weft::usage_error>([&] { g.set_parent(dead); }), HasSubstr("ended"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { greenlet::current().set_parent(g); }),
                HasSubstr("thread's own"));
}

TEST(greenlet_parent, lives_as_long_as_its_child) {
    std::vector<greenlet> chain;
    greenlet last = greenlet::current();
    for (int i = 0; i < 20'000; ++i) {
        greenlet next([] {});
        next.set_parent(last);
        last = next;
    }
    EXPECT_TRUE(last.parent().parent());
}  // Freed without a recursion.

}  // namespace
