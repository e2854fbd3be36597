#include "weft/pipeline/sinks.hpp"

#include "weft/base/fd.hpp"

#include <cerrno>

namespace weft {
namespace {

consumer<std::string_view> print_to_own(line_writer out) {
    try {
        for (;;) {
            const std::string_view line = co_await receive;
            if (!out.write_line(line)) co_return;
        }
    } catch (const generator_exit&) {
        out.flush();
    }
}

/// True when it went well, false when nobody reads any more.
bool check_stdio(std::FILE* file, bool good) {
    if (good) return true;
    const int error = errno;
    if (error == EPIPE) return false;
    throw_system_error(error, "writing " + describe_fd(::fileno(file)));
}

bool print_line(std::FILE* file, std::string_view line) {
    return check_stdio(file, std::fwrite(line.data(), 1, line.size(), file) == line.size() &&
                                 std::fputc('\n', file) != EOF);
}

}  // namespace

consumer<std::string_view> append_to(std::vector<std::string>& lines) {
    for (;;) {
        const std::string_view line = co_await receive;
        lines.emplace_back(line);
    }
}

consumer<std::string_view> print_to(line_writer& out) {
    try {
        for (;;) {
            const std::string_view line = co_await receive;
            if (!out.write_line(line)) co_return;
        }
    } catch (const generator_exit&) {
        out.flush();
    }
}

consumer<std::string_view> print_to(int fd) {
    return print_to_own(line_writer(fd, describe_fd(fd)));
}

consumer<std::string_view> print_to(std::FILE* file) {
    try {
        for (;;) {
            const std::string_view line = co_await receive;
            if (!print_line(file, line)) co_return;
        }
    } catch (const generator_exit&) {
        check_stdio(file, std::fflush(file) == 0);
    }
}

}  // namespace weft
