#include "weft/pipeline/regex.hpp"

#include "weft/base/error.hpp"

#include <array>
#include <new>
#include <regex.h>
#include <utility>

namespace weft {
namespace {

std::string describe(int error, const regex_t* compiled) {
    std::array<char, 256> text{};
    ::regerror(error, compiled, text.data(), text.size());
    return text.data();
}

}  // namespace

regex::regex(std::string expression) : regex(std::move(expression), 0) {}

regex::regex(std::string expression, int flags) : expression_(std::move(expression)) {
    const std::string quoted = "regex(\"" + expression_ + "\"): ";
    if (expression_.find('\n') != std::string::npos)
        throw usage_error(quoted + "an expression with a newline can match no line: use one "
                                   "expression for each line of it");
    if (expression_.find('\0') != std::string::npos)
        throw usage_error(quoted + "it holds a NUL byte, where libc's expressions end: leave it "
                                   "out, or search for a fixed string");
    auto compiled = std::make_unique<regex_t>();
    const int error =
        ::regcomp(compiled.get(), expression_.c_str(), REG_EXTENDED | REG_NOSUB | flags);
    if (error == REG_ESPACE) throw std::bad_alloc();
    if (error != 0)
        throw usage_error(quoted + describe(error, compiled.get()) +
                          " (extended regular expressions, as in grep -E; put a backslash before "
                          "a character that stands for itself)");
    compiled_ = std::shared_ptr<const regex_t>(compiled.release(), [](const regex_t* r) {
        ::regfree(const_cast<regex_t*>(r));
        delete r;
    });
}

regex regex::ignoring_case() const {
    return regex(expression_, REG_ICASE);
}

bool regex::is_in(std::string_view line) const {
    // The bounds of the text go in where the bounds of the match would come out: no end mark is
    // needed.
    regmatch_t bounds{};
    bounds.rm_so = 0;
    bounds.rm_eo = static_cast<regoff_t>(line.size());
    const auto* const compiled = static_cast<const regex_t*>(compiled_.get());
    const char* const text = line.data() != nullptr ? line.data() : "";
    const int result = ::regexec(compiled, text, 1, &bounds, REG_STARTEND);
    if (result == REG_ESPACE) throw std::bad_alloc();
    return result == 0;
}

namespace {

/// Behind a bracket expression that begins at `at`; the expression is known to be right.
std::size_t skip_brackets(std::string_view text, std::size_t at) {
    ++at;
    if (at < text.size() && text[at] == '^') ++at;
    if (at < text.size() && text[at] == ']') ++at;  // The first one stands for itself.
    while (at < text.size() && text[at] != ']') {
        const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
        if (text[at] == '[' && (kind == ':' || kind == '.' || kind == '=')) {
            const char closing[] = {kind, ']', '\0'};
            const std::size_t end = text.find(closing, at + 2);
            if (end == text.npos) return text.size();
            at = end + 2;
        } else {
            ++at;
        }
    }
    return at + 1;
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string regex::literal() const {
    const std::string_view text = expression_;
    // Alternatives and groups would need a parser; what is left is a sequence of single characters.
    if (text.find_first_of("|()") != text.npos) return {};
    std::string longest;
    std::string run;
    const auto end_run = [&] {
        if (run.size() > longest.size()) longest = run;
        run.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        char c = text[at++];
        const bool escaped = c == '\\' && at < text.size();
        if (escaped) c = text[at++];
        if (escaped && (is_word(c) || c == '<' || c == '>' || c == '`' || c == '\'')) {
            end_run();  // An operator: a word boundary, a back reference.
        } else if (escaped || std::string_view("*?+{.^$[").find(c) == std::string_view::npos) {
            run.push_back(c);
        } else if (c == '*' || c == '?' || c == '+' || c == '{') {
            // The character before it may be missing ('+' too: in "a+?"), a whole one of several
            // bytes.
            while (!run.empty() && (run.back() & 0xC0) == 0x80) run.pop_back();
            if (!run.empty()) run.pop_back();
            end_run();
            if (c == '{') {
                const std::size_t brace = text.find('}', at);
                at = brace == text.npos ? text.size() : brace + 1;
            }
        } else {
            end_run();
            if (c == '[') at = skip_brackets(text, at - 1);
        }
    }
    end_run();
    return longest;
}

}  // namespace weft
