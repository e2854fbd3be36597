#pragma once

// How the command line reads and speaks: help pages, errors, suggestions.

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace weft::tool {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

/// The layout of help pages, for the program and, as they inherit it, its commands.
void dress(CLI::App& app);

/// What to say when the command named on the command line does not exist; empty when it does.
[[nodiscard]] std::string unknown_command(const CLI::App& app, int argc, char** argv);

/// What to say about a command line that could not be read.
[[nodiscard]] std::string explain(const CLI::App& app, const CLI::ParseError& error);

/// The word of `words` nearest to `word`, or an empty one when none is near.
template <class Words>
[[nodiscard]] std::string nearest(const std::string& word, const Words& words);

/// Edits (insert, delete, replace a letter) that turn one word into the other.
[[nodiscard]] std::size_t edits_between(const std::string& a, const std::string& b);

template <class Words>
std::string nearest(const std::string& word, const Words& words) {
    std::string best;
    std::size_t best_edits = 3;
    for (const std::string& candidate : words) {
        const std::size_t edits = edits_between(word, candidate);
        if (edits < best_edits && edits < candidate.size()) {
            best_edits = edits;
            best = candidate;
        }
    }
    return best;
}

}  // namespace weft::tool
