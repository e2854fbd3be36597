#include "pipe_select.hpp"

#include "weft/file/line_splitter.hpp"

#include <algorithm>
#include <functional>

namespace weft::tool {
namespace {

/// One pattern's way through a block: the next line that has it.
class cursor {
public:
    cursor(const grep_stage& pattern, std::string_view block) : search_(pattern, block) {
        advance();
    }
    void advance() { alive_ = search_.next(line_); }
    [[nodiscard]] bool alive() const { return alive_; }
    [[nodiscard]] std::string_view line() const { return line_; }

private:
    line_search search_;
    std::string_view line_;
    bool alive_ = false;
};

}  // namespace

void selector::add(grep_stage pattern, std::string label) {
    patterns_.push_back(std::move(pattern));
    tallies_.push_back(tally{std::move(label), 0});
    hits_.push_back(0);
}

void selector::add_counts(std::uint64_t passed, std::span<const std::uint64_t> lines) {
    passed_ += passed;
    for (std::size_t i = 0; i < lines.size() && i < tallies_.size(); ++i)
        tallies_[i].lines += lines[i];
}

void selector::forget_counts() {
    passed_ = 0;
    for (tally& one : tallies_) one.lines = 0;
}

bool selector::is_excluded(std::string_view line) const {
    return std::ranges::any_of(excluded_, [&](const auto& p) { return p.matches(line); });
}

bool selector::judge(std::string_view line) {
    if (is_excluded(line)) return false;
    bool all = true;
    bool any = patterns_.empty();
    for (std::size_t i = 0; i < hits_.size(); ++i) {
        const bool hit = hits_[i] != 0;
        tallies_[i].lines += hit ? 1 : 0;
        all = all && hit;
        any = any || hit;
    }
    const bool pass = rule_ == rule::all ? all : any;
    passed_ += pass ? 1 : 0;
    return pass;
}

bool selector::passes(std::string_view line) {
    for (std::size_t i = 0; i < hits_.size(); ++i) hits_[i] = patterns_[i].matches(line) ? 1 : 0;
    return judge(line);
}

generator<std::string_view> selector::pick(std::string_view block) {
    if (!patterns_.empty()) {
        co_yield from(pick_found(block));
        co_return;
    }
    std::string_view line;
    for (line_splitter split(block); split.next(line);)
        if (judge(line)) co_yield std::move(line);
}

/// The cursors' lines merged, as sorted lists are: the first of them is next, and all that stand at
/// it have found their pattern in it.
generator<std::string_view> selector::pick_found(std::string_view block) {
    std::vector<cursor> cursors;
    cursors.reserve(patterns_.size());
    for (const grep_stage& pattern : patterns_) cursors.emplace_back(pattern, block);
    for (;;) {
        const cursor* first = nullptr;
        for (const cursor& c : cursors) {
            if (!c.alive()) continue;
            const bool earlier =
                first == nullptr || std::less<>()(c.line().data(), first->line().data());
            if (earlier) first = &c;
        }
        if (first == nullptr) co_return;
        std::string_view line = first->line();
        for (std::size_t i = 0; i < cursors.size(); ++i) {
            cursor& c = cursors[i];
            hits_[i] = c.alive() && c.line().data() == line.data() ? 1 : 0;
            if (hits_[i] != 0) c.advance();
        }
        if (judge(line)) co_yield std::move(line);
    }
}

}  // namespace weft::tool
