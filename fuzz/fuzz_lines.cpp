// Lines and grep by blocks against the simplest way to do the same. The input: the sizes of block
// and pattern, the kind of grep, the pattern, the text, which goes through a pipe in pieces.

#include <weft/base/fd.hpp>
#include <weft/pipeline/grep.hpp>
#include <weft/pipeline/lines.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

std::vector<std::string> plain_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

weft::line_source source_of(std::string_view text, std::size_t block_bytes) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    weft::unique_fd read(ends[0]);
    const weft::unique_fd write(ends[1]);
    if (::write(write.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        std::abort();
    return weft::lines(std::move(read)).block_bytes(block_bytes);
}

template <class Range>
void expect_same(Range&& range, const std::vector<std::string>& expected) {
    std::size_t at = 0;
    for (std::string_view line : range)
        if (at == expected.size() || line != expected[at++]) std::abort();
    if (at != expected.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 60000) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::string pattern(input.substr(0, data[1] % 5));
    const std::string_view text = input.substr(pattern.size());
    const std::vector<std::string> all = plain_lines(text);

    expect_same(source_of(text, data[0]), all);
    if (pattern.find('\n') != pattern.npos) return 0;
    weft::grep_stage stage = weft::grep(pattern);
    if ((data[2] & 1) != 0) stage.ignore_case();
    if ((data[2] & 2) != 0) stage.invert();
    std::vector<std::string> expected;
    for (const std::string& line : all)
        if (stage.matches(line)) expected.push_back(line);
    expect_same(source_of(text, data[0]) | stage, expected);
    return 0;
}
