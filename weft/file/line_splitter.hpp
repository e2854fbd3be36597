#pragma once

#include "weft/file/line_buffer.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft {

/// Splits a block into its lines, without their '\n'. A '\r' before it is part of the line. The
/// last line may lack its end; an empty line is a line.
///
/// ```cpp fragment
/// weft::line_buffer buffer;  // filled by a reader
/// std::string_view line;
/// weft::line_splitter split(buffer.whole_lines());
/// while (split.next(line)) std::cout << line << '\n';
/// ```
///
/// Finds the ends 64 bytes at a time, which beats a call of memchr for each line of ordinary
/// length. REQUIRES: `line_buffer::padding` bytes behind the block may be read.
class line_splitter {
public:
    explicit line_splitter(std::string_view block) noexcept
        : line_(block.data()), end_(block.data() + block.size()), chunk_(block.data()) {
        if (chunk_ != end_) ends_ = ends_in_chunk();
    }

    /// The next line, or false at the end of the block.
    [[nodiscard]] bool next(std::string_view& line) noexcept {
        while (ends_ == 0) {
            if (static_cast<std::size_t>(end_ - chunk_) <= chunk_bytes) return last(line);
            chunk_ += chunk_bytes;
            ends_ = ends_in_chunk();
        }
        const char* const stop = chunk_ + std::countr_zero(ends_);
        ends_ &= ends_ - 1;
        line = std::string_view(line_, static_cast<std::size_t>(stop - line_));
        line_ = stop + 1;
        return true;
    }

private:
    static constexpr std::size_t chunk_bytes = 64;
    static_assert(line_buffer::padding >= chunk_bytes);

    /// A bit for each '\n' of the chunk.
    [[nodiscard]] std::uint64_t ends_in_chunk() const noexcept {
        std::uint64_t ends = 0;
#ifdef __SSE2__
        const __m128i newline = _mm_set1_epi8('\n');
        for (unsigned i = 0; i < chunk_bytes; i += 16) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(chunk_ + i));
            const auto found =
                static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline)));
            ends |= std::uint64_t{found} << i;
        }
#else
        for (unsigned i = 0; i < chunk_bytes; ++i) ends |= std::uint64_t{chunk_[i] == '\n'} << i;
#endif
        // What the padding happens to hold does not count.
        const auto left = static_cast<std::size_t>(end_ - chunk_);
        return left >= chunk_bytes ? ends : ends & ((std::uint64_t{1} << left) - 1);
    }
    [[gnu::noinline]] bool last(std::string_view& line) noexcept {
        if (line_ == end_) return false;
        line = std::string_view(line_, static_cast<std::size_t>(end_ - line_));
        line_ = end_;
        return true;
    }

    const char* line_;  // where the next line begins
    const char* end_;
    const char* chunk_;
    std::uint64_t ends_ = 0;  // of `chunk_`, those not given yet
};

}  // namespace weft
