#pragma once

#include "weft/base/export.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace weft {

/// Collects bytes and gives them out as whole lines: what is behind the last end of a line stays
/// for the next time. Grows when a line is longer than a block.
///
/// ```cpp fragment
/// weft::line_buffer buffer;
/// std::ranges::copy(std::string_view("one\ntwo\nthr"), buffer.room().begin());
/// buffer.added(11);
/// std::string_view block = buffer.whole_lines();  // "one\ntwo\n"
/// std::string_view last = buffer.rest();          // "thr"
/// ```
///
/// What it has given out is valid until the next `room()`, and at least `padding` bytes behind it
/// may be read (not used): loops over the text may work in whole vectors.
class WEFT_EXPORT line_buffer {
public:
    static constexpr std::size_t padding = 64;

    explicit line_buffer(std::size_t block_bytes = std::size_t{256} * 1024,
                         std::size_t line_bytes_max = std::size_t{64} << 20) noexcept
        : block_bytes_(block_bytes), line_bytes_max_(line_bytes_max) {}

    /// Where to read more bytes to. Empty when a line of more than `line_bytes_max` has begun.
    [[nodiscard]] std::span<char> room();
    /// `count` bytes have been put at the beginning of `room()`.
    void added(std::size_t count) noexcept;

    /// Takes all lines that have an end, each with its '\n'. Empty when there is none.
    [[nodiscard]] std::string_view whole_lines() noexcept;
    /// Takes what is left: the beginning of a line, once its end cannot come any more.
    [[nodiscard]] std::string_view rest() noexcept;

    [[nodiscard]] std::size_t line_bytes_max() const noexcept { return line_bytes_max_; }
    void set_line_bytes_max(std::size_t bytes) noexcept { line_bytes_max_ = bytes; }
    /// REQUIRES: nothing has been added yet.
    void set_block_bytes(std::size_t bytes) noexcept { block_bytes_ = bytes; }

private:
    void resize(std::size_t capacity);

    std::size_t block_bytes_;
    std::size_t line_bytes_max_;
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;  // without the padding
    std::size_t begin_ = 0;     // [begin_, end_) has not been given out
    std::size_t end_ = 0;
    std::size_t searched_ = 0;  // no '\n' in [begin_, searched_)
};

}  // namespace weft
