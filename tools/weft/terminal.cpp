#include "terminal.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::tool {
namespace {

const char* escape(style how) {
    switch (how) {
        case style::plain: return "";
        case style::bold: return "\033[1m";
        case style::dim: return "\033[2m";
        case style::red: return "\033[31m";
        case style::green: return "\033[32m";
        case style::yellow: return "\033[33m";
    }
    return "";
}

// A line of progress must not wrap: what has wrapped cannot be taken back by a carriage return.
std::size_t columns_of_stderr() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace

bool is_terminal(std::FILE* stream) {
    return isatty(fileno(stream)) == 1;
}

painter::painter(std::FILE* stream) {
    const char* const no_color = std::getenv("NO_COLOR");
    const char* const term = std::getenv("TERM");
    const bool wanted = no_color == nullptr || *no_color == '\0';
    const bool able = term == nullptr || std::string_view(term) != "dumb";
    colours_ = wanted && able && is_terminal(stream);
}

std::string painter::operator()(style how, std::string_view text) const {
    if (!colours_ || how == style::plain || text.empty()) return std::string(text);
    return fmt::format("{}{}\033[0m", escape(how), text);
}

progress_line::progress_line() : enabled_(is_terminal(stderr)) {}

progress_line::~progress_line() {
    clear();
}

void progress_line::show(std::string_view text) {
    if (!enabled_) return;
    fmt::print(stderr, "\r\033[K{}", text.substr(0, columns_of_stderr() - 1));
    std::fflush(stderr);
    shown_ = true;
}

void progress_line::clear() {
    if (!shown_) return;
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace weft::tool
