// The substring search against std::string_view::find, on texts that end where their memory ends.
// The input: the length of the pattern, how to search, the pattern, the text.

#include <weft/pipeline/searcher.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

std::string folded(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using weft::searcher;
    if (size < 2) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string pattern(input.substr(0, data[0] % 40));
    const std::string_view text = input.substr(pattern.size());
    const bool fold = (data[1] & 4) != 0;

    searcher search(pattern, fold ? searcher::letters::any_case : searcher::letters::exact);
    if (!search.use(static_cast<searcher::method>(data[1] % 4))) return 0;

    const std::unique_ptr<char[]> memory(new char[text.size()]);
    std::ranges::copy(text, memory.get());
    const std::string_view exact(memory.get(), text.size());
    const std::size_t expected = fold ? folded(text).find(folded(pattern)) : text.find(pattern);
    if (search.find(exact) != expected) std::abort();
    if (search.is_in(exact) != (expected != std::string_view::npos)) std::abort();
    return 0;
}
