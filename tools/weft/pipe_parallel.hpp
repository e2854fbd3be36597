#pragma once

#include "pipe_select.hpp"

#include "weft/core/generator.hpp"
#include "weft/pipeline/text_parts.hpp"
#include "weft/pipeline/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Searching with several threads or processes, the lines in the order of the input.
namespace weft::tool {

/// What was found in a part of a file, or in a block.
struct found_lines {
    std::string text;  // the lines, each with its '\n'
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    std::uint64_t passed = 0;
    std::vector<std::uint64_t> tallies;
};

/// How many, and of which kind.
struct pipe_workers {
    std::size_t count = 1;
    bool processes = false;
};

/// How long a line may be: the limit of `weft pipe`.
inline constexpr std::size_t pipe_line_bytes_max = std::size_t{1} << 30;

class parallel_search {
public:
    /// `counts_lines`: somebody wants to know how many were read.
    parallel_search(const selector& selected, pipe_workers workers, bool counts_lines)
        : selected_(selected), workers_(workers), counts_lines_(counts_lines) {}

    /// Whether a file is worth it: a regular one of several parts.
    [[nodiscard]] bool is_for(const std::string& path) const;

    /// Takes what was found, in order; false: no more.
    using taker = std::function<bool(const found_lines&)>;
    void file(const std::string& path, const taker& take) const;
    /// Each of whole lines.
    void blocks(generator<std::string> source, const taker& take) const;

private:
    const selector& selected_;
    pipe_workers workers_;
    bool counts_lines_;
};

}  // namespace weft::tool

template <>
struct weft::wire<weft::tool::found_lines>
    : weft::wire_members<weft::tool::found_lines, &weft::tool::found_lines::text,
                         &weft::tool::found_lines::lines, &weft::tool::found_lines::bytes,
                         &weft::tool::found_lines::passed, &weft::tool::found_lines::tallies> {};
