#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/generator.hpp"
#include "weft/file/line_buffer.hpp"
#include "weft/pipeline/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// A large file cut into parts of whole lines, for several workers.
namespace weft {

/// Where a part is: the lines that begin in [begin, end). Small, and crosses to other processes.
struct text_part {
    static constexpr std::uint64_t to_the_end = ~std::uint64_t{0};

    text_part() = default;

    std::string path;
    std::uint64_t begin = 0;
    std::uint64_t end = to_the_end;
    /// Which file that was when it was cut.
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};
template <>
struct wire<text_part> : wire_members<text_part, &text_part::path, &text_part::begin,
                                      &text_part::end, &text_part::device, &text_part::inode> {};

/// The parts of a regular file. The last one goes on to the end, also when that has moved
/// meanwhile. Each worker reads its part by itself (`text_part_reader`), so that reading is shared
/// as well as searching:
///
/// ```cpp
/// std::size_t count_lines_of(const std::string& path) {
///     const auto count = [](weft::text_part part) {
///         weft::text_part_reader reader(std::move(part));
///         std::size_t n = 0;
///         for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
///             n += weft::count_lines(block);
///         return n;
///     };
///     std::size_t lines = 0;
///     for (std::size_t n : weft::text_parts(path) | weft::parallel_map(2, count)) lines += n;
///     return lines;
/// }
/// ```
///
/// Throws `std::system_error`, "reading PATH: why", when the first part is asked for.
[[nodiscard]] WEFT_EXPORT generator<text_part> text_parts(
    std::string path, std::uint64_t part_bytes = std::uint64_t{4} << 20);

/// Reads one part, by blocks of whole lines, as `block_reader` reads a file. Every line of the file
/// is in exactly one part, whole, also one that is longer than a part.
///
/// Errors are `std::system_error`, "reading PATH: why": `ESTALE` when another file has that path by
/// now, message_size for a line that is longer than `line_bytes_max`. Blocks the thread. One thread
/// at a time.
class WEFT_EXPORT text_part_reader {
public:
    explicit text_part_reader(text_part part, std::size_t line_bytes_max = std::size_t{64} << 20);

    /// The next block; empty at the end. Valid until the next call; `line_buffer::padding` bytes
    /// behind it may be read.
    [[nodiscard]] std::string_view next();
    /// How much of the part has been given out.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    bool read_more();
    [[nodiscard]] std::string_view cut(std::string_view block);
    [[nodiscard]] std::string_view counted(std::string_view block) noexcept {
        bytes_ += block.size();
        return block;
    }

    text_part part_;
    unique_fd file_;
    line_buffer buffer_;
    std::uint64_t read_at_;
    std::uint64_t given_ = 0;  // where what comes next lies in the file
    bool is_before_ = false;   // in the line that began before the part
    bool ended_ = false;
    std::uint64_t bytes_ = 0;
};

}  // namespace weft
