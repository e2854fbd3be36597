#include "weft/base/unhandled.hpp"

#include "weft/base/error.hpp"

#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct report {
    std::string error;
    std::string where;
};
report last;  // what the handler below has got; these tests use one thread

void remember(std::exception_ptr error, std::string_view where) noexcept {
    last = {weft::describe_exception(error), std::string(where)};
}

TEST(unhandled, an_error_goes_to_the_handler_with_its_place) {
    const weft::unhandled_handler before = weft::set_unhandled_handler(&remember);
    weft::report_unhandled(std::make_exception_ptr(std::runtime_error("lost")), "a test");
    EXPECT_EQ(weft::set_unhandled_handler(before), &remember);
    EXPECT_EQ(last.error, "std::runtime_error: lost");
    EXPECT_EQ(last.where, "a test");
}

TEST(unhandled, the_default_handler_writes_a_line_to_standard_error) {
    const weft::unhandled_handler before = weft::set_unhandled_handler(nullptr);
    ::testing::internal::CaptureStderr();
    weft::report_unhandled(std::make_exception_ptr(std::runtime_error("lost")), "a test");
    const std::string written = ::testing::internal::GetCapturedStderr();
    weft::set_unhandled_handler(before);
    EXPECT_EQ(written, "weft: unhandled error in a test: std::runtime_error: lost\n");
}

TEST(unhandled, a_null_handler_restores_the_default) {
    weft::set_unhandled_handler(&remember);
    weft::set_unhandled_handler(nullptr);
    const weft::unhandled_handler restored = weft::set_unhandled_handler(&remember);
    EXPECT_NE(restored, nullptr);
    EXPECT_NE(restored, &remember);
    weft::set_unhandled_handler(nullptr);
}

TEST(describe_exception, names_the_type_and_the_text) {
    EXPECT_EQ(weft::describe_exception(std::make_exception_ptr(weft::not_started("call next()"))),
              "weft::not_started: call next()");
    EXPECT_THAT(weft::describe_exception(std::make_exception_ptr(weft::generator_exit{})),
                AllOf(HasSubstr("weft::generator_exit"), HasSubstr("being closed")));
}

TEST(describe_exception, names_the_type_of_what_has_no_text) {
    EXPECT_THAT(weft::describe_exception(std::make_exception_ptr(42)), HasSubstr("type int"));
    EXPECT_THAT(weft::describe_exception(std::make_exception_ptr(std::string("x"))),
                HasSubstr("basic_string"));
    EXPECT_EQ(weft::describe_exception(nullptr), "no error");
}

}  // namespace
