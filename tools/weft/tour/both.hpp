#pragma once

#include "compare.hpp"
#include "guide.hpp"

#include <chrono>
#include <string>
#include <thread>

/// For the programs that exist twice, from tasks and from fibers.
namespace weft::tour {

/// Shows the one from tasks; the one from fibers plays out of sight and must print the same.
inline void play_both(guide& show, void (*tasks)(guide&), void (*fibers)(guide&)) {
    const std::size_t begin = show.output().size();
    tasks(show);
    const std::string printed = show.output().substr(begin);
    guide unseen = show.quiet();
    fibers(unseen);
    for (const auto& [holds, text] : unseen.statements())
        if (!holds) show.check(false, "from fibers: " + text);
    const std::string differs = difference(printed, unseen.output());
    show.check(differs.empty(), differs.empty() ? "fibers print the same" : differs);
}

/// Real time, from its creation on.
class stopwatch {
public:
    [[nodiscard]] std::chrono::nanoseconds elapsed() const {
        return std::chrono::steady_clock::now() - start_;
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The thread that created it, for people.
class thread_name {
public:
    [[nodiscard]] std::string text() const {
        return fmt::format("<thread {:#x}>", std::hash<std::thread::id>{}(id_));
    }
    [[nodiscard]] bool is_this_thread() const { return id_ == std::this_thread::get_id(); }

private:
    std::thread::id id_ = std::this_thread::get_id();
};

}  // namespace weft::tour
