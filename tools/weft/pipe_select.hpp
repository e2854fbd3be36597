#pragma once

#include "weft/pipeline/grep.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Which lines `weft pipe` lets pass, and how many there were of each kind.
namespace weft::tool {

class selector {
public:
    enum class rule { any, all };

    explicit selector(rule how) : rule_(how) {}
    void add(grep_stage pattern, std::string label);
    void exclude(grep_stage pattern) { excluded_.push_back(std::move(pattern)); }

    /// Whether a line passes; counts it.
    [[nodiscard]] bool passes(std::string_view line);
    /// The lines of a block that pass, found by searching the whole block for one pattern after the
    /// other. Counts them. `block` is what a `block_reader` gave.
    [[nodiscard]] generator<std::string_view> pick(std::string_view block);

    struct tally {
        std::string label;
        std::uint64_t lines;
        bool operator==(const tally&) const = default;
    };
    /// How many lines had each pattern. Those that are excluded are not counted.
    [[nodiscard]] const std::vector<tally>& tallies() const noexcept { return tallies_; }
    [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }
    /// Those of a copy that searched elsewhere; `lines` has one for each pattern.
    void add_counts(std::uint64_t passed, std::span<const std::uint64_t> lines);
    void forget_counts();

private:
    [[nodiscard]] bool is_excluded(std::string_view line) const;
    /// Counts a line whose patterns are marked in `hits_`. Whether it passes.
    [[nodiscard]] bool judge(std::string_view line);
    generator<std::string_view> pick_found(std::string_view block);

    rule rule_;
    std::vector<grep_stage> patterns_;
    std::vector<grep_stage> excluded_;
    std::vector<tally> tallies_;  // one for each of `patterns_`
    std::vector<char> hits_;      // the same: whether the line at hand has it
    std::uint64_t passed_ = 0;
};

}  // namespace weft::tool
