#pragma once

#include "terminal.hpp"

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::tour {

/// What a program of the tour plays on: prints its output, sleeps, states what it found to hold.
///
/// The output is kept, to be compared with what was expected, and shown as it comes when somebody
/// watches. One thread at a time.
class guide {
public:
    enum class audience { none, watching };

    /// `sleep_divisor`: 1 keeps the sleeps of the programs.
    guide(audience who, int sleep_divisor);

    template <class... Args>
    void print(fmt::format_string<Args...> text, Args&&... args) {
        write(fmt::format(text, std::forward<Args>(args)...));
    }
    void write(std::string_view text);

    void sleep(std::chrono::milliseconds duration) const;
    /// A duration the program waits or polls by, as `sleep` would shorten it.
    [[nodiscard]] std::chrono::milliseconds shortened(std::chrono::milliseconds duration) const;
    /// Another one of the same pace that nobody watches.
    [[nodiscard]] guide quiet() const { return guide(audience::none, sleep_divisor_); }
    /// True when sleeps are shortened, and long computations ought to be.
    [[nodiscard]] bool in_a_hurry() const { return sleep_divisor_ > 1; }

    /// States something that must hold, in words that are true when it does.
    void check(bool holds, std::string_view what) {
        statements_.push_back({.holds = holds, .text = std::string(what)});
    }

    /// How far a long program is, on a terminal.
    void progress(std::string_view text) { progress_.show(text); }

    [[nodiscard]] const std::string& output() const { return output_; }
    struct statement {
        bool holds;
        std::string text;
    };
    [[nodiscard]] const std::vector<statement>& statements() const { return statements_; }

private:
    audience audience_;
    int sleep_divisor_;
    bool line_begins_ = true;
    std::string output_;
    std::vector<statement> statements_;
    tool::progress_line progress_;
};

/// A count for a loop that is timed: a tenth of it in builds that are not optimised.
[[nodiscard]] constexpr int scaled(int count) {
#ifdef NDEBUG
    return count;
#else
    return count / 10;
#endif
}

}  // namespace weft::tour
