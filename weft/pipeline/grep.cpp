#include "weft/pipeline/grep.hpp"

#include "weft/base/error.hpp"

#include <cstring>

namespace weft {
namespace {

generator<std::string_view> grep_blocks(line_source& source, const grep_stage& stage) {
    std::string_view line;
    if (!source.untouched()) {
        // Somebody has taken lines from it: the rest of their block is in its generator.
        for (auto&& item : source)
            if (stage.matches(item)) co_yield std::move(item);
        co_return;
    }
    for (;;) {
        const std::string_view block = source.reader().next();
        if (block.empty()) co_return;
        for (line_search search(stage, block); search.next(line);) co_yield std::move(line);
    }
}

generator<std::string_view> grep_owned(line_source source, grep_stage stage) {
    co_yield from(grep_blocks(source, stage));
}

generator<std::string_view> grep_borrowed(line_source* source, grep_stage stage) {
    co_yield from(grep_blocks(*source, stage));
}

}  // namespace

grep_stage::grep_stage(std::string pattern) : pattern_(std::move(pattern)), search_(pattern_) {
    if (std::string_view(pattern_).find('\n') != std::string_view::npos)
        throw usage_error("grep(): a pattern with a newline is in no line: use a grep() for each "
                          "line of it");
}

grep_stage::grep_stage(regex expression)
    : pattern_(expression.expression()),
      search_(expression.literal()),
      expression_(std::move(expression)) {}

grep_stage& grep_stage::ignore_case() {
    if (expression_) {
        // Nothing to search for first: which letters are the same is a matter of the locale.
        expression_ = expression_->ignoring_case();
        search_ = searcher("");
    } else {
        search_ = searcher(pattern_, searcher::letters::any_case);
    }
    return *this;
}

generator<std::string_view> grep_stage::pull(line_source source) && {
    return grep_owned(std::move(source), std::move(*this));
}

generator<std::string_view> grep_stage::pull(std::ranges::ref_view<line_source> source) && {
    return grep_borrowed(&source.base(), std::move(*this));
}

/// The line that `place` is in.
std::string_view line_search::line_around(std::size_t place) const noexcept {
    const char* const data = block_.data();
    const void* const before = place > at_ ? ::memrchr(data + at_, '\n', place - at_) : nullptr;
    const char* const begin = before == nullptr ? data + at_ : static_cast<const char*>(before) + 1;
    const void* const behind = std::memchr(data + place, '\n', block_.size() - place);
    const char* const end =
        behind == nullptr ? data + block_.size() : static_cast<const char*>(behind);
    return {begin, static_cast<std::size_t>(end - begin)};
}

bool line_search::next_with(std::string_view& line) {
    while (at_ < block_.size()) {
        // A match never reaches over the end of a line: no pattern has a newline in it.
        const std::size_t place = stage_->search_.find(block_, at_);
        if (place >= block_.size()) break;
        line = line_around(place);
        at_ = static_cast<std::size_t>(line.data() + line.size() - block_.data()) + 1;
        if (!stage_->expression_ || stage_->expression_->is_in(line)) return true;
    }
    at_ = block_.size();
    return false;
}

bool line_search::next_without(std::string_view& line) {
    for (;;) {
        const std::size_t from = at_;
        if (from >= block_.size()) return false;
        if (!hit_known_) {
            if (!next_with(hit_)) hit_ = block_.substr(block_.size());
            hit_known_ = true;
        }
        at_ = from;
        line = line_around(from);
        at_ += line.size() + 1;
        if (line.data() != hit_.data()) return true;
        hit_known_ = false;  // This line has it: on to the next.
    }
}

}  // namespace weft
