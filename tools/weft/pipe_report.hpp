#pragma once

#include "pipe_select.hpp"
#include "terminal.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// What `weft pipe` tells of its work: the counts while it runs, and the table at the end.
///
/// With --count: on a terminal one line on standard error, redrawn ten times a second at most, and
/// when all has been read; else a line on standard error each time all has been read of a followed
/// file and the counts have changed. At the end the table, on standard error, or on standard output
/// with --quiet. Without --count only a last line, and only on a terminal.
namespace weft::tool {

class pipe_report {
public:
    pipe_report(const selector& selected, bool counts, bool quiet);

    void read(std::uint64_t lines, std::uint64_t bytes) noexcept {
        lines_ += lines;
        bytes_ += bytes;
    }
    /// Whether anybody wants to know how many lines were read.
    [[nodiscard]] bool wants_lines() const noexcept { return counts_ || terminal_; }

    /// While it works; cheap.
    void busy();
    /// All has been read, and it will wait: `following` a file, say.
    void idle(bool following);
    /// Before lines are written to a terminal: takes the live line away.
    void make_way() { live_.clear(); }
    /// At the end.
    void finish();

private:
    using clock = std::chrono::steady_clock;
    [[nodiscard]] std::string summary() const;
    [[nodiscard]] std::string totals() const;
    [[nodiscard]] std::string table() const;

    const selector& selected_;
    bool counts_;
    bool quiet_;
    bool terminal_;
    progress_line live_;
    std::uint64_t lines_ = 0;
    std::uint64_t bytes_ = 0;
    clock::time_point begin_ = clock::now();
    clock::time_point shown_at_{};
    std::string told_;  // the last line of counts, so as not to repeat it
};

}  // namespace weft::tool
