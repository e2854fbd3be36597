#include "select.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::tour {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void nothing_to_do(guide&) {}

programs some() {
    programs all;
    for (const char* id : {"0.1", "0.2", "0.12", "4.2", "B.1"})
        all.push_back({.id = id, .title = "", .shows = "", .run = nothing_to_do, .expected = ""});
    return all;
}

std::vector<std::string_view> ids(const std::vector<std::string>& wanted) {
    std::vector<std::string_view> found;
    for (const program& one : select(some(), wanted)) found.push_back(one.id);
    return found;
}

std::string refusal(const std::string& id) {
    try {
        static_cast<void>(select(some(), {id}));
        return "none";
    } catch (const unknown_id& error) {
        return error.what();
    }
}

TEST(tour_select, no_id_means_all) {
    EXPECT_THAT(ids({}), ElementsAre("0.1", "0.2", "0.12", "4.2", "B.1"));
}

TEST(tour_select, a_row_means_that_program) {
    EXPECT_THAT(ids({"0.1"}), ElementsAre("0.1"));
    EXPECT_THAT(ids({"0.12", "0.2"}), ElementsAre("0.2", "0.12"));
}

TEST(tour_select, a_section_means_all_its_rows) {
    EXPECT_THAT(ids({"0"}), ElementsAre("0.1", "0.2", "0.12"));
    EXPECT_THAT(ids({"B", "4"}), ElementsAre("4.2", "B.1"));
}

TEST(tour_select, the_numbers_of_the_articles_are_understood) {
    EXPECT_EQ(ids({"000"}), ids({"0"}));
    EXPECT_THAT(ids({"004"}), ElementsAre("4.2"));
    EXPECT_THAT(ids({"000.2", "004.2"}), ElementsAre("0.2", "4.2"));
    EXPECT_THAT(ids({"b.1"}), ElementsAre("B.1"));
}

TEST(tour_select, an_unknown_id_is_refused_with_a_hint) {
    EXPECT_THAT(refusal("0.99"), HasSubstr("section 0 ends with 0.18"));
    EXPECT_THAT(refusal("0.13"), HasSubstr("has no program yet"));
    EXPECT_THAT(refusal("BB.1"), HasSubstr("did you mean 'B.1'?"));
    EXPECT_THAT(refusal("fibonacci"), HasSubstr("--list"));
    EXPECT_THAT(refusal(""), HasSubstr("--list"));
}

TEST(tour_select, rows_without_a_program_are_named_as_ranges) {
    const std::string rest = still_to_come(some());
    EXPECT_THAT(rest, testing::StartsWith("0.3-0.11, 0.13-0.18, 1.1-1.9, "));
    EXPECT_THAT(rest, HasSubstr("4.1, 4.3-4.11, B.2-B.13"));
}

}  // namespace
}  // namespace weft::tour
