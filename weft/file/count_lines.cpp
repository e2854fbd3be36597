#include "weft/file/count_lines.hpp"

#include <algorithm>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft {

std::size_t count_newlines(std::string_view text) noexcept {
    std::size_t count = 0;
#ifdef __SSE2__
    const __m128i newline = _mm_set1_epi8('\n');
    while (text.size() >= 16) {
        // A byte of the sum holds 255 at most.
        const std::size_t vectors = std::min<std::size_t>(text.size() / 16, 255);
        __m128i sum = _mm_setzero_si128();
        for (std::size_t i = 0; i < vectors; ++i) {
            const __m128i bytes =
                _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i * 16));
            sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(bytes, newline));  // Equal is -1.
        }
        const __m128i halves = _mm_sad_epu8(sum, _mm_setzero_si128());
        count += static_cast<std::size_t>(_mm_cvtsi128_si32(halves)) +
                 static_cast<std::size_t>(_mm_cvtsi128_si32(_mm_srli_si128(halves, 8)));
        text.remove_prefix(vectors * 16);
    }
#endif
    return count + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace weft
