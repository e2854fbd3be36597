#include "weft/testing/seeded_oracle.hpp"

#include "weft/base/error.hpp"

#include <array>
#include <cstdlib>
#include <gmock/gmock.h>
#include <optional>
#include <string>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::choice;
using weft::testing::seeded_oracle;
using weft::testing::seeds;
using weft::testing::trace_entry;

std::uint64_t run(seeded_oracle& oracle) {
    for (std::size_t n = 2; n < 100; ++n) oracle.choose(choice::ready, n);
    oracle.resumed(7, weft::clock::time_point(std::chrono::seconds(1)));
    return oracle.trace_hash();
}

TEST(seeded_oracle, chooses_the_same_for_the_same_seed_on_every_machine) {
    seeded_oracle one(42);
    seeded_oracle two(42);
    EXPECT_EQ(run(one), run(two));
    EXPECT_EQ(one.trace_hash(), 12425964440235698336u) << "never to change: seeds are kept";
    EXPECT_EQ(one.choices(), 98u);
    EXPECT_EQ(one.seed(), 42u);
}

TEST(seeded_oracle, chooses_otherwise_for_another_seed) {
    seeded_oracle one(1);
    seeded_oracle two(2);
    EXPECT_NE(run(one), run(two));
}

TEST(seeded_oracle, chooses_everything_there_is) {
    seeded_oracle oracle(0);
    std::array<int, 5> counts{};
    for (int i = 0; i < 5000; ++i) {
        const std::size_t chosen = oracle.choose(choice::completion, counts.size());
        ASSERT_LT(chosen, counts.size());
        ++counts[chosen];
    }
    for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(seeded_oracle, the_hash_tells_what_was_resumed_and_when) {
    const weft::clock::time_point noon(std::chrono::hours(12));
    seeded_oracle one(1);
    seeded_oracle two(1);
    seeded_oracle three(1);
    one.resumed(1, noon);
    two.resumed(2, noon);
    three.resumed(1, noon + std::chrono::nanoseconds(1));
    EXPECT_NE(one.trace_hash(), two.trace_hash());
    EXPECT_NE(one.trace_hash(), three.trace_hash());
}

TEST(seeded_oracle, records_everything_when_asked) {
    seeded_oracle silent(3);
    silent.choose(choice::timer, 4);
    EXPECT_TRUE(silent.trace().empty());
    seeded_oracle oracle(3);
    oracle.record();
    const std::size_t chosen = oracle.choose(choice::timer, 4);
    const weft::clock::time_point noon(std::chrono::hours(12));
    oracle.resumed(9, noon);
    EXPECT_THAT(oracle.trace(),
                ElementsAre(trace_entry(choice::timer, 4, chosen), trace_entry(9, noon)));
}

/// Sets WEFT_SEED while it lives.
class seed_variable {
public:
    explicit seed_variable(const char* text) {
        if (const char* const old = std::getenv(name)) old_ = old;
        if (text != nullptr)
            ::setenv(name, text, 1);
        else
            ::unsetenv(name);
    }
    seed_variable(const seed_variable&) = delete;
    seed_variable& operator=(const seed_variable&) = delete;
    ~seed_variable() {
        if (old_)
            ::setenv(name, old_->c_str(), 1);
        else
            ::unsetenv(name);
    }

private:
    static constexpr const char* name = "WEFT_SEED";
    std::optional<std::string> old_;
};

TEST(seeds, are_counted_from_one) {
    const seed_variable none(nullptr);
    EXPECT_THAT(seeds(3), ElementsAre(1, 2, 3));
    EXPECT_EQ(seeds().size(), 20u);
}

TEST(seeds, the_environment_names_the_one_to_repeat) {
    const seed_variable one("18446744073709551615");
    EXPECT_THAT(seeds(), ElementsAre(18446744073709551615u));
}

TEST(seeds, what_is_no_number_is_refused) {
    for (const char* const text : {"seven", "7 ", "-1", "18446744073709551616"}) {
        const seed_variable bad(text);
        try {
            static_cast<void>(seeds());
            ADD_FAILURE() << text;
        } catch (const weft::usage_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("decimal number"));
        }
    }
}

}  // namespace
