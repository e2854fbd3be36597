#pragma once

#include "weft/base/export.hpp"
#include "weft/core/generator.hpp"
#include "weft/file/block_reader.hpp"

#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// The lines of a file, a pipe or a terminal: what `lines()` returns.
///
/// ```cpp
/// void number(const std::string& path) {
///     int n = 0;
///     for (std::string_view line : weft::lines(path)) std::cout << ++n << ' ' << line << '\n';
/// }
/// ```
///
/// A line comes without its '\n'; a '\r' before that is part of it, and so are NUL bytes. The last
/// line may lack its end. A line is valid until the next one is asked for.
///
/// A move-only input range and view. Its first stage may take it whole: `lines(path) | grep("x")`
/// searches block by block and looks for the ends of only those lines that match.
///
/// Errors are `std::system_error`, "reading PATH: why": from `lines(path)` itself when the file
/// cannot be opened, later from where the next line is asked for.
class WEFT_EXPORT line_source : public std::ranges::view_base {
public:
    explicit line_source(block_reader reader);

    auto begin() { return lines_.begin(); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
    /// The next line, or nothing at the end.
    yielded<std::string_view> next() { return lines_.next(); }

    // The settings of `block_reader`, to be made before the first line is asked for.

    line_source& block_bytes(std::size_t bytes) & noexcept {
        reader_->block_bytes(bytes);
        return *this;
    }
    line_source& line_bytes_max(std::size_t bytes) & noexcept {
        reader_->line_bytes_max(bytes);
        return *this;
    }
    line_source& on_idle(std::function<void()> callback) & {
        reader_->on_idle(std::move(callback));
        return *this;
    }
    line_source& stop_on(int fd) & noexcept {
        reader_->stop_on(fd);
        return *this;
    }
    // By value: a range-for does not keep what a reference to a temporary refers to.
    [[nodiscard]] line_source block_bytes(std::size_t bytes) && noexcept {
        return std::move(block_bytes(bytes));
    }
    [[nodiscard]] line_source line_bytes_max(std::size_t bytes) && noexcept {
        return std::move(line_bytes_max(bytes));
    }
    [[nodiscard]] line_source on_idle(std::function<void()> callback) && {
        return std::move(on_idle(std::move(callback)));
    }
    [[nodiscard]] line_source stop_on(int fd) && noexcept { return std::move(stop_on(fd)); }

    /// Whether nobody has asked for a line yet: then the blocks of `reader()` are all of its text.
    [[nodiscard]] bool untouched() const noexcept {
        return lines_.state() == generator_state::created;
    }
    [[nodiscard]] block_reader& reader() noexcept { return *reader_; }

private:
    std::unique_ptr<block_reader> reader_;  // The generator refers to it: it must not move.
    generator<std::string_view> lines_;
};

/// The lines of a file.
[[nodiscard]] WEFT_EXPORT line_source lines(std::string path);
/// The lines of a descriptor that somebody else owns: `lines(0)` is standard input.
[[nodiscard]] WEFT_EXPORT line_source lines(int fd);
[[nodiscard]] WEFT_EXPORT line_source lines(unique_fd file);
[[nodiscard]] WEFT_EXPORT line_source lines(block_reader reader);
// A path in quotes, not a null pointer as in lines(0).
[[nodiscard]] inline line_source lines(const char* path) {
    return lines(std::string(path));
}

}  // namespace weft
