#pragma once

#include "weft/base/export.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What to start, and how.
namespace weft {

/// Where one of the three standard streams of a process goes.
class WEFT_EXPORT stdio {
public:
    /// To where this program's goes.
    [[nodiscard]] static stdio inherit() noexcept { return stdio(way::inherit); }
    /// /dev/null: an end at once to who reads, nowhere for who writes.
    [[nodiscard]] static stdio null() noexcept { return stdio(way::null); }
    /// To this program: `subprocess::input()`, `output()`, `errors()`.
    [[nodiscard]] static stdio pipe() noexcept { return stdio(way::pipe); }
    /// This descriptor, which stays the caller's and is open until the start. It is shared with the
    /// process as it is: one that was made non-blocking surprises most programs.
    [[nodiscard]] static stdio descriptor(int number) noexcept {
        return stdio(way::descriptor, number);
    }
    /// For `command::errors`: to where the output goes.
    [[nodiscard]] static stdio to_output() noexcept { return stdio(way::to_output); }

    enum class way : std::uint8_t { inherit, null, pipe, descriptor, to_output };
    [[nodiscard]] way where() const noexcept { return way_; }
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    explicit stdio(way w, int number = -1) noexcept : way_(w), number_(number) {}

    way way_;
    int number_;
};

/// A program with its arguments, its environment and where its streams go. A value; it can be
/// started any number of times.
///
/// ```cpp
/// const auto sorted = weft::command("sort", "--numeric-sort")
///                         .env("LC_ALL", "C")
///                         .input(weft::stdio::pipe())
///                         .output(weft::stdio::pipe());
/// ```
///
/// No shell is involved: arguments arrive as they are. For one, `command("sh", "-c", script)`.
class WEFT_EXPORT command {
public:
    /// The name of a program, found in this program's PATH, or its path, when it has a '/'.
    template <std::convertible_to<std::string>... Args>
    explicit command(std::string program, Args&&... args) : program_(std::move(program)) {
        (arg(std::forward<Args>(args)), ...);
    }

    command& arg(std::string one) {
        args_.push_back(std::move(one));
        return *this;
    }
    command& args(const std::vector<std::string>& more) {
        args_.insert(args_.end(), more.begin(), more.end());
        return *this;
    }
    /// The environment is this program's, as it is at the start, with these changes.
    command& env(std::string name, std::string value) {
        env_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    command& unset_env(std::string name) {
        env_.emplace_back(std::move(name), std::nullopt);
        return *this;
    }
    /// It begins with none.
    command& clear_env() noexcept {
        clear_env_ = true;
        return *this;
    }
    /// Where it begins. A relative path of the program is relative to that.
    command& directory(std::string path) {
        directory_ = std::move(path);
        return *this;
    }
    /// Default of all three: inherited.
    command& input(stdio from) noexcept {
        input_ = from;
        return *this;
    }
    command& output(stdio to) noexcept {
        output_ = to;
        return *this;
    }
    command& errors(stdio to) noexcept {
        errors_ = to;
        return *this;
    }
    /// A process group of its own, which `kill` and `terminate` then reach as a whole, with all
    /// that it has started. Ctrl-C at the terminal does not reach it, and it must not read there.
    command& own_group(bool on = true) noexcept {
        own_group_ = on;
        return *this;
    }

    using change = std::pair<std::string, std::optional<std::string>>;
    [[nodiscard]] const std::string& program() const noexcept { return program_; }
    [[nodiscard]] const std::vector<std::string>& args() const noexcept { return args_; }
    [[nodiscard]] const std::vector<change>& env() const noexcept { return env_; }
    [[nodiscard]] bool clears_env() const noexcept { return clear_env_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    /// None: not said.
    [[nodiscard]] const std::optional<stdio>& input() const noexcept { return input_; }
    [[nodiscard]] const std::optional<stdio>& output() const noexcept { return output_; }
    [[nodiscard]] const std::optional<stdio>& errors() const noexcept { return errors_; }
    [[nodiscard]] bool has_own_group() const noexcept { return own_group_; }
    /// For people, as a shell would take it.
    [[nodiscard]] std::string text() const;

private:
    std::string program_;
    std::vector<std::string> args_;
    std::vector<change> env_;
    std::string directory_;
    std::optional<stdio> input_;
    std::optional<stdio> output_;
    std::optional<stdio> errors_;
    bool clear_env_ = false;
    bool own_group_ = false;
};

}  // namespace weft
