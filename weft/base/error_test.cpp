#include "weft/base/error.hpp"

#include <exception>
#include <gtest/gtest.h>
#include <stdexcept>
#include <type_traits>

namespace {

TEST(error, every_misuse_is_a_usage_error_and_a_logic_error) {
    static_assert(std::is_base_of_v<std::logic_error, weft::usage_error>);
    static_assert(std::is_base_of_v<weft::usage_error, weft::not_started>);
    static_assert(std::is_base_of_v<weft::usage_error, weft::already_executing>);
    static_assert(std::is_base_of_v<weft::usage_error, weft::ignored_exit>);
    static_assert(std::is_base_of_v<weft::usage_error, weft::bad_switch>);
    EXPECT_THROW(throw weft::not_started("x"), weft::usage_error);
}

TEST(error, a_handler_for_errors_does_not_swallow_the_exit_of_a_generator) {
    static_assert(!std::is_base_of_v<std::exception, weft::generator_exit>);
    bool seen = false;
    try {
        try {
            throw weft::generator_exit{};
        } catch (const std::exception&) {
            FAIL() << "generator_exit derives from std::exception";
        }
    } catch (const weft::generator_exit& e) {
        seen = true;
        EXPECT_STRNE(e.what(), "");
    }
    EXPECT_TRUE(seen);
}

TEST(error, the_text_is_kept) {
    EXPECT_STREQ(weft::ignored_exit("what was done: what to do").what(),
                 "what was done: what to do");
}

}  // namespace
