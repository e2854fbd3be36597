#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/file/line_buffer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weft {

/// Reads text from a file, a pipe or a terminal by large blocks of whole lines.
///
/// ```cpp
/// std::size_t count_lines(const std::string& path) {
///     weft::block_reader file(path);
///     std::size_t lines = 0;
///     for (std::string_view block = file.next(); !block.empty(); block = file.next())
///         lines += std::ranges::count(block, '\n');
///     return lines;
/// }
/// ```
///
/// A block ends with the end of a line; only the last one may end without. From a pipe it is what
/// is there: `next()` waits for a whole line and no longer. The block is valid until the next call,
/// and `line_buffer::padding` bytes behind it may be read.
///
/// Errors are `std::system_error`: "reading PATH: why". A line longer than the limit is one
/// (message_size). Blocks the thread. One thread at a time.
class WEFT_EXPORT block_reader {
public:
    /// Opens a file for reading; "reading PATH: …" when that fails.
    explicit block_reader(std::string path);
    /// Reads from a descriptor and owns it. `name` is what errors call it.
    block_reader(unique_fd file, std::string name);
    /// Reads from a descriptor that somebody else owns: 0 is standard input.
    block_reader(int fd, std::string name);

    /// How much is read at once; 256 KiB if not set. Before the first `next()`.
    block_reader& block_bytes(std::size_t bytes) noexcept;
    /// How long a line may be; 64 MiB if not set. It bounds the memory: a line that fits in a block
    /// passes.
    block_reader& line_bytes_max(std::size_t bytes) noexcept;
    /// Called before it waits for a pipe or a terminal that has nothing to read at the moment.
    block_reader& on_idle(std::function<void()> callback);
    /// Ends, as at the end of the file, once this descriptor is readable. Not for regular files,
    /// which end by themselves.
    block_reader& stop_on(int fd) noexcept;

    /// The next block of whole lines; empty at the end. From then on always empty.
    [[nodiscard]] std::string_view next();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// How much has been read.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t line_bytes_max() const noexcept { return buffer_.line_bytes_max(); }

private:
    bool read_more();
    bool wait_for_input();
    [[nodiscard]] std::string attempt() const { return "reading " + name_; }

    unique_fd owned_;
    int fd_;
    std::string name_;
    line_buffer buffer_;
    std::function<void()> on_idle_;
    int stop_fd_ = -1;
    bool waits_ = false;  // it is no regular file: reading may block
    bool ended_ = false;
    std::uint64_t bytes_ = 0;
};

/// Throws the error of a line that is longer than `limit`.
[[noreturn, gnu::cold]] WEFT_EXPORT void throw_line_too_long(const std::string& name,
                                                             std::size_t limit);

}  // namespace weft
