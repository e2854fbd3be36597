#pragma once

#include "pipe_parallel.hpp"

#include "weft/core/consumer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// --split-by: lines by a key of theirs.
namespace weft::tool {

/// What the key of a line is: the field of a number, as awk counts them, or what an expression
/// matches, or its first group if it has one. Empty where there is none.
class line_key {
public:
    /// Throws `usage_error`.
    explicit line_key(const std::string& what);
    [[nodiscard]] std::string_view of(std::string_view line) const;

private:
    std::size_t field_ = 0;
    std::shared_ptr<void> expression_;  // a regex_t
};

/// The name of the file of a key: `pattern` with the key in the place of {}. What cannot be in a
/// name is '_'; no key is "none".
[[nodiscard]] std::string name_for_key(const std::string& pattern, std::string_view key);

/// Counts the lines of each key, and writes them to a file for each, if there is a pattern: the
/// lines of a key in order, by the same worker.
class split_output {
public:
    /// `inputs` are not written over.
    split_output(const std::string& what, const std::string& pattern, bool append,
                 const std::vector<std::string>& inputs, pipe_workers workers);

    void write(std::string_view line);
    /// Hands everything to the kernel. Like `close`, it throws `std::system_error`.
    void flush();
    void close();
    /// A line for each key, those with the most lines first.
    [[nodiscard]] std::string table() const;

    using keyed_line = std::pair<std::string, std::string>;

private:
    line_key key_;
    std::optional<consumer<keyed_line>> files_;
    std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace weft::tool
