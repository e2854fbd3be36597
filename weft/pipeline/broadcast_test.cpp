#include "weft/pipeline/broadcast.hpp"

#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/sinks.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>

namespace {

using ints = std::vector<int>;
using strings = std::vector<std::string>;

TEST(broadcast, sends_each_item_to_all) {
    ints a;
    ints b;
    auto all = weft::broadcast(weft::append_to(a), weft::append_to(b));
    all.send(1);
    all.send(2);
    EXPECT_EQ(a, (ints{1, 2}));
    EXPECT_EQ(b, a);
}

TEST(broadcast, drops_a_target_that_has_ended_and_ends_with_the_last) {
    ints a;
    ints b;
    auto all =
        weft::broadcast(weft::take(1) | weft::append_to(a), weft::take(2) | weft::append_to(b));
    EXPECT_TRUE(all.send(1));
    EXPECT_FALSE(all.send(2));
    EXPECT_EQ(a, ints{1});
    EXPECT_EQ(b, (ints{1, 2}));
    auto none = weft::broadcast(std::vector<weft::consumer<int>>());
    EXPECT_FALSE(none.send(1));
}

TEST(broadcast, fans_out_to_greps_and_in_to_one_printer) {
    strings printed;
    auto printer = weft::append_to(printed);
    auto all =
        weft::broadcast(weft::grep("python") | printer.share(), weft::grep("ply") | printer.share(),
                        weft::grep("swig") | printer.share());
    for (const char* line : {"python and ply", "nothing", "swig"}) all.send(line);
    all.close();
    EXPECT_EQ(printed, (strings{"python and ply", "python and ply", "swig"}));
}

weft::consumer<int> closing(int number, ints& closed, bool fails) {
    try {
        for (;;) static_cast<void>(co_await weft::receive);
    } catch (const weft::generator_exit&) {
        closed.push_back(number);
        if (fails) throw std::runtime_error("number " + std::to_string(number));
    }
}

TEST(broadcast, closes_all_whatever_one_throws) {
    ints closed;
    auto all = weft::broadcast(closing(1, closed, false), closing(2, closed, true),
                               closing(3, closed, true));
    try {
        all.close();
        FAIL() << "the error was lost";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "number 2");
    }
    EXPECT_EQ(closed, (ints{1, 2, 3}));
}

TEST(broadcast, gives_a_move_only_item_to_its_only_target) {
    std::vector<std::unique_ptr<int>> items;
    auto one = weft::broadcast(weft::append_to(items));
    one.send(std::make_unique<int>(1));
    EXPECT_EQ(*items.at(0), 1);
    std::vector<std::unique_ptr<int>> more;
    auto two = weft::broadcast(weft::append_to(items), weft::append_to(more));
    EXPECT_THROW(two.send(std::make_unique<int>(1)), weft::usage_error);
}

}  // namespace
