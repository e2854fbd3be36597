#include "weft/pipeline/searcher.hpp"

#include <bit>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#define WEFT_SEARCH_SIMD 1
#endif

namespace weft {
namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
constexpr bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/// What is or-ed to a byte of text before it is compared with a byte of a pattern in lower case.
template <bool Fold>
constexpr char case_bit(char pattern_byte) {
    return Fold && is_letter(pattern_byte) ? 0x20 : 0;
}

template <bool Fold>
bool equal(const char* text, const char* pattern, std::size_t size) noexcept {
    if constexpr (!Fold) return std::memcmp(text, pattern, size) == 0;
    for (std::size_t i = 0; i < size; ++i)
        if (lower(text[i]) != pattern[i]) return false;
    return true;
}

/// One place after the other: for texts shorter than a vector.
template <bool Fold>
const char* find_by_byte(const std::string& pattern, const char* at, const char* stop) noexcept {
    const std::size_t size = pattern.size();
    const char first = pattern.front();
    const char bit = case_bit<Fold>(first);
    for (; static_cast<std::size_t>(stop - at) >= size; ++at)
        if (static_cast<char>(*at | bit) == first && equal<Fold>(at, pattern.data(), size))
            return at;
    return nullptr;
}

}  // namespace

/// The ways to search. Each is given a pattern of two bytes or more, unless it says otherwise, and
/// a text from `at` to `stop`.
struct search_methods {
    static const char* everywhere(const searcher&, const char* at, const char*) noexcept {
        // A text of no bytes may have no address, but the pattern is in it.
        return at != nullptr ? at : "";
    }
    static const char* byte(const searcher& s, const char* at, const char* stop) noexcept {
        if (at == stop) return nullptr;
        return static_cast<const char*>(
            std::memchr(at, s.pattern_.front(), static_cast<std::size_t>(stop - at)));
    }
    static const char* memory(const searcher& s, const char* at, const char* stop) noexcept {
        if (at == stop) return nullptr;
        return static_cast<const char*>(::memmem(at, static_cast<std::size_t>(stop - at),
                                                 s.pattern_.data(), s.pattern_.size()));
    }
    static const char* folded(const searcher& s, const char* at, const char* stop) noexcept {
        return find_by_byte<true>(s.pattern_, at, stop);
    }

#ifdef WEFT_SEARCH_SIMD
    /// Any size but zero.
    template <bool Fold>
    static const char* sse2(const searcher& s, const char* at, const char* stop) noexcept {
        constexpr std::ptrdiff_t width = 16;
        const char* const pattern = s.pattern_.data();
        const auto size = static_cast<std::ptrdiff_t>(s.pattern_.size());
        // The places where it may begin: [at, ends).
        const char* const ends = stop - at >= size ? stop - size + 1 : at;
        if (ends - at < width) return find_by_byte<Fold>(s.pattern_, at, stop);
        const __m128i first = _mm_set1_epi8(pattern[0]);
        const __m128i last = _mm_set1_epi8(pattern[size - 1]);
        const __m128i first_bit = _mm_set1_epi8(case_bit<Fold>(pattern[0]));
        const __m128i last_bit = _mm_set1_epi8(case_bit<Fold>(pattern[size - 1]));
        for (;;) {
            __m128i head = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
            __m128i tail = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + size - 1));
            if constexpr (Fold) {
                head = _mm_or_si128(head, first_bit);
                tail = _mm_or_si128(tail, last_bit);
            }
            auto places = static_cast<std::uint32_t>(_mm_movemask_epi8(
                _mm_and_si128(_mm_cmpeq_epi8(head, first), _mm_cmpeq_epi8(tail, last))));
            for (; places != 0; places &= places - 1) {
                const char* const place = at + std::countr_zero(places);
                if (equal<Fold>(place, pattern, static_cast<std::size_t>(size))) return place;
            }
            if (ends - at == width) return nullptr;
            // The last vector overlaps the one before it rather than pass the end.
            at = ends - at >= 2 * width ? at + width : ends - width;
        }
    }

    template <bool Fold>
    [[gnu::target("avx2,bmi")]] static const char* avx2(const searcher& s, const char* at,
                                                        const char* stop) noexcept {
        constexpr std::ptrdiff_t width = 32;
        const char* const pattern = s.pattern_.data();
        const auto size = static_cast<std::ptrdiff_t>(s.pattern_.size());
        const char* const ends = stop - at >= size ? stop - size + 1 : at;
        if (ends - at < width) return sse2<Fold>(s, at, stop);
        const __m256i first = _mm256_set1_epi8(pattern[0]);
        const __m256i last = _mm256_set1_epi8(pattern[size - 1]);
        const __m256i first_bit = _mm256_set1_epi8(case_bit<Fold>(pattern[0]));
        const __m256i last_bit = _mm256_set1_epi8(case_bit<Fold>(pattern[size - 1]));
        for (;;) {
            __m256i head = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
            __m256i tail = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + size - 1));
            if constexpr (Fold) {
                head = _mm256_or_si256(head, first_bit);
                tail = _mm256_or_si256(tail, last_bit);
            }
            auto places = static_cast<std::uint32_t>(_mm256_movemask_epi8(
                _mm256_and_si256(_mm256_cmpeq_epi8(head, first), _mm256_cmpeq_epi8(tail, last))));
            for (; places != 0; places &= places - 1) {
                const char* const place = at + std::countr_zero(places);
                if (equal<Fold>(place, pattern, static_cast<std::size_t>(size))) return place;
            }
            if (ends - at == width) return nullptr;
            at = ends - at >= 2 * width ? at + width : ends - width;
        }
    }
#endif
};

searcher::searcher(std::string pattern, letters how)
    : pattern_(std::move(pattern)), find_(nullptr), how_(how) {
    if (how_ == letters::any_case)
        for (char& c : pattern_) c = lower(c);
    use(method::best);
}

bool searcher::use(method how) noexcept {
    using methods = search_methods;
    const bool fold = how_ == letters::any_case;
    if (pattern_.empty()) {
        find_ = &methods::everywhere;
        return true;
    }
    // libc's own: as good as ours, and one comparison instead of two.
    if (pattern_.size() == 1 && !(fold && is_letter(pattern_.front()))) {
        find_ = &methods::byte;
        return true;
    }
#ifdef WEFT_SEARCH_SIMD
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    if (how == method::avx2 && !has_avx2) return false;
    if (how == method::avx2 || (how == method::best && has_avx2)) {
        find_ = fold ? &methods::avx2<true> : &methods::avx2<false>;
        return true;
    }
    if (how != method::plain) {
        find_ = fold ? &methods::sse2<true> : &methods::sse2<false>;
        return true;
    }
#endif
    find_ = fold ? &methods::folded : &methods::memory;
    return how == method::best || how == method::plain;
}

}  // namespace weft
