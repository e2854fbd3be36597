#include "load_plan.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <system_error>

namespace weft::tool {
namespace {

std::string thrown_by_taking(load_answer& answer, std::string_view bytes) {
    try {
        answer.take(bytes.data(), bytes.size());
        return "nothing";
    } catch (const load_error& error) {
        return error.what();
    }
}

TEST(load_messages, are_lines_of_the_size_asked_for) {
    for (const std::size_t size : {1U, 2U, 64U, 100'000U}) {
        const load_messages all(size, expected_answer::same);
        for (std::size_t i = 0; i < load_messages::different; ++i) {
            ASSERT_EQ(all.sent(i).size(), size);
            ASSERT_EQ(all.sent(i).find('\n'), size - 1);
            ASSERT_EQ(all.expected(i), all.sent(i));
        }
    }
}

TEST(load_messages, of_neighbours_differ_in_every_byte_but_the_end) {
    const load_messages all(64, expected_answer::same);
    for (std::size_t i = 0; i < load_messages::different; ++i)
        for (std::size_t j = 0; j < i; ++j)
            for (std::size_t at = 0; at < 63; ++at) ASSERT_NE(all.sent(i)[at], all.sent(j)[at]);
}

TEST(load_messages, in_upper_case_are_expected_in_upper_case) {
    const load_messages all(64, expected_answer::upper);
    std::string upper(all.sent(3));
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(all.expected(3), upper);
    EXPECT_NE(all.expected(3), all.sent(3));
}

TEST(load_messages, of_which_any_answer_will_do_expect_none) {
    EXPECT_TRUE(load_messages(64, expected_answer::any).expected(0).empty());
}

TEST(load_answer, comes_in_pieces) {
    load_answer answer(6, "abcdef");
    EXPECT_EQ(thrown_by_taking(answer, "a"), "nothing");
    EXPECT_EQ(thrown_by_taking(answer, "bcd"), "nothing");
    EXPECT_EQ(answer.left(), 2U);
    EXPECT_FALSE(answer.complete());
    EXPECT_EQ(thrown_by_taking(answer, "ef"), "nothing");
    EXPECT_TRUE(answer.complete());
}

TEST(load_answer, that_is_wrong_in_a_later_piece_is_an_error) {
    load_answer answer(6, "abcdef");
    EXPECT_EQ(thrown_by_taking(answer, "abc"), "nothing");
    EXPECT_EQ(thrown_by_taking(answer, "abc"), "wrong answer");
}

TEST(load_answer, that_ends_early_is_an_error) {
    load_answer answer(6, "abcdef");
    EXPECT_EQ(thrown_by_taking(answer, "abc"), "nothing");
    EXPECT_EQ(thrown_by_taking(answer, ""), "closed by the server");
}

TEST(load_answer, of_any_bytes_is_counted_only) {
    load_answer answer(3, {});
    EXPECT_EQ(thrown_by_taking(answer, "xyz"), "nothing");
    EXPECT_TRUE(answer.complete());
}

TEST(load_sources, are_the_kernels_choice_while_one_address_has_ports_enough) {
    EXPECT_FALSE(source_of(19'999, 20'000, address::loopback(80)));
    EXPECT_FALSE(source_of(0, 1'000'000, address::loopback_v6(80)));
    EXPECT_FALSE(source_of(0, 1'000'000, address::ip("192.0.2.1", 80)));
}

TEST(load_sources, are_several_for_more_each_of_at_most_20_000) {
    constexpr std::size_t connections = 6'000'000;
    std::map<std::string, std::size_t> used;
    for (std::size_t i = 0; i < connections; i += connections_an_address / 2)
        ++used[source_of(i, connections, address::loopback(80)).to_string()];
    EXPECT_EQ(used.size(), connections / connections_an_address);
    for (const auto& [source, halves] : used) EXPECT_EQ(halves, 2U) << source;
    EXPECT_THAT(used, testing::Contains(testing::Key("127.0.0.1:0")));
    EXPECT_THAT(used, testing::Contains(testing::Key("127.0.0.2:0")));
    EXPECT_THAT(used, testing::Not(testing::Contains(testing::Key("127.0.0.255:0"))));
}

TEST(load_errors, have_kinds_without_what_differs_from_one_to_the_next) {
    const auto kind = [](const auto& error) {
        return kind_of_error(std::make_exception_ptr(error));
    };
    EXPECT_EQ(kind(load_error("wrong answer")), "wrong answer");
    EXPECT_EQ(kind(std::system_error(ECONNRESET, std::generic_category(), "reading 7 bytes")),
              "Connection reset by peer");
}

}  // namespace
}  // namespace weft::tool
