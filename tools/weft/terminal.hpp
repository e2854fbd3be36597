#pragma once

#include <cstdio>
#include <string>
#include <string_view>

/// What the program shows on a terminal and leaves out elsewhere: colours, and lines of progress.
namespace weft::tool {

[[nodiscard]] bool is_terminal(std::FILE* stream);

enum class style { plain, bold, dim, red, green, yellow };

/// Colours for one stream: only when it is a terminal and NO_COLOR (no-color.org) is unset or
/// empty.
class painter {
public:
    explicit painter(std::FILE* stream);
    [[nodiscard]] std::string operator()(style how, std::string_view text) const;

private:
    bool colours_;
};

/// One line on standard error that is written over and over, when that is a terminal. Gone when the
/// object is destroyed or cleared. One thread.
class progress_line {
public:
    progress_line();
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line();

    void show(std::string_view text);
    void clear();

private:
    bool enabled_;
    bool shown_ = false;
};

}  // namespace weft::tool
