#include "pipe_report.hpp"

#include "figures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace weft::tool {
namespace {

constexpr std::chrono::milliseconds redraw_every(100);

}  // namespace

pipe_report::pipe_report(const selector& selected, bool counts, bool quiet)
    : selected_(selected), counts_(counts), quiet_(quiet), terminal_(is_terminal(stderr)) {}

void pipe_report::busy() {
    if (!counts_ || !terminal_) return;
    const clock::time_point now = clock::now();
    if (now - shown_at_ < redraw_every) return;
    shown_at_ = now;
    live_.show(summary());
}

void pipe_report::idle(bool following) {
    if (!counts_) return;
    if (terminal_) {
        live_.show(summary());
        return;
    }
    if (!following) return;
    std::string line = summary();
    if (line == told_) return;
    fmt::print(stderr, "{}\n", line);
    told_ = std::move(line);
}

void pipe_report::finish() {
    live_.clear();
    if (counts_) {
        std::FILE* const out = quiet_ ? stdout : stderr;
        fmt::print(out, "{}", table());
        if (std::fflush(out) != 0 && errno != EPIPE)
            throw std::system_error(errno, std::generic_category(),
                                    quiet_ ? "writing standard output" : "writing standard error");
    } else if (terminal_) {
        fmt::print(stderr, "{}\n", painter(stderr)(style::dim, totals()));
    }
}

std::string pipe_report::summary() const {
    std::string text =
        fmt::format("{} lines, {} matched", with_commas(lines_), with_commas(selected_.passed()));
    const char* before = ": ";
    for (const auto& [label, lines] : selected_.tallies()) {
        text += fmt::format("{}{} {}", before, label, with_commas(lines));
        before = ", ";
    }
    return text;
}

std::string pipe_report::totals() const {
    const std::chrono::duration<double> seconds = clock::now() - begin_;
    const auto bytes = static_cast<double>(bytes_);
    return fmt::format("{} lines, {} in {:.2f} s, {:.1f} MB/s", with_commas(lines_),
                       readable_bytes(bytes), seconds.count(),
                       bytes / 1e6 / std::max(seconds.count(), 1e-9));
}

std::string pipe_report::table() const {
    std::size_t width =
        std::max(with_commas(selected_.passed()).size(), with_commas(lines_).size());
    std::string text;
    for (const auto& [label, lines] : selected_.tallies())
        text += fmt::format("{:>{}}  {}\n", with_commas(lines), width, label);
    text += fmt::format("{:>{}}  matched\n", with_commas(selected_.passed()), width);
    const std::string all = totals();
    const std::size_t number = all.find(' ');
    text += fmt::format("{:>{}}  {}\n", all.substr(0, number), width, all.substr(number + 1));
    return text;
}

}  // namespace weft::tool
