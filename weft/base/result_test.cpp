#include "weft/base/error.hpp"
#include "weft/base/result.hpp"
#include "weft/base/thrown_test.hpp"

#include <exception>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using weft::result;
using weft::testing::thrown;

std::exception_ptr an_error() {
    return std::make_exception_ptr(std::runtime_error("no"));
}

TEST(result, holds_a_value) {
    result<std::string> r = "yes";
    ASSERT_TRUE(r);
    EXPECT_TRUE(r.has_value());
    EXPECT_EQ(*r, "yes");
    EXPECT_EQ(r->size(), 3u);
    EXPECT_EQ(r.error(), nullptr);
    *r += "!";
    EXPECT_EQ(std::as_const(r).value(), "yes!");
    EXPECT_EQ(std::move(r).value(), "yes!");
}

TEST(result, holds_an_error_and_throws_it_when_asked_for_the_value) {
    const result<int> r = an_error();
    ASSERT_FALSE(r);
    EXPECT_NE(r.error(), nullptr);
    EXPECT_EQ(thrown<std::runtime_error>([&] { (void)r.value(); }), "no");
    EXPECT_EQ(thrown<std::runtime_error>([&] { (void)*r; }), "no");
    EXPECT_EQ(r.value_or(7), 7);
}

TEST(result, moves_what_cannot_be_copied) {
    result<std::unique_ptr<int>> r = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(r).value();
    EXPECT_EQ(*taken, 5);
}

TEST(result, refers_to_an_object) {
    int n = 1;
    const result<int&> r = n;
    *r = 2;
    EXPECT_EQ(n, 2);
    EXPECT_EQ(&r.value(), &n);
}

TEST(result, of_nothing_is_success_or_an_error) {
    const result<void> done;
    EXPECT_TRUE(done);
    EXPECT_NO_THROW(done.value());
    const result<void> failed = an_error();
    EXPECT_FALSE(failed);
    EXPECT_EQ(thrown<std::runtime_error>([&] { failed.value(); }), "no");
}

TEST(result, refuses_an_error_that_is_null) {
    EXPECT_NE(
        thrown<weft::usage_error>([] { (void)result<int>(std::exception_ptr()); }).find("null"),
        std::string::npos);
    EXPECT_NE(
        thrown<weft::usage_error>([] { (void)result<void>(std::exception_ptr()); }).find("null"),
        std::string::npos);
}

}  // namespace
