#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"

#include <exception>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

/// Where coroutines wait, and where their errors came from.
namespace weft {

/// The places of a chain of awaits, from the inside out: what a backtrace is for calls.
///
/// ```cpp
/// void report(const std::exception_ptr& escaped_from_run) {
///     const std::string text = weft::async_backtrace::of(escaped_from_run).text();
/// }
/// ```
class WEFT_EXPORT async_backtrace {
public:
    async_backtrace() noexcept = default;
    explicit async_backtrace(std::vector<std::source_location> frames) noexcept
        : frames_(std::move(frames)) {}

    /// Of the coroutine that calls; empty outside of all. The last frame is where it was spawned.
    [[nodiscard]] static async_backtrace current(
        std::source_location here = std::source_location::current());
    /// The awaits through which an error came that `run` or a join on this thread has thrown last;
    /// empty for others.
    [[nodiscard]] static async_backtrace of(const std::exception_ptr& error);

    [[nodiscard]] const std::vector<std::source_location>& frames() const& noexcept {
        return frames_;
    }
    /// Of a temporary: by value, so that a loop over `async_backtrace::current().frames()` is safe.
    [[nodiscard]] std::vector<std::source_location> frames() && noexcept {
        return std::move(frames_);
    }
    [[nodiscard]] bool empty() const noexcept { return frames_.empty(); }
    /// A line for each: "  at crawl.cpp:21 in fetch".
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::source_location> frames_;
};

namespace detail {
[[nodiscard]] WEFT_EXPORT async_backtrace backtrace_of(const control_block& b);
/// Keeps the trace of what is about to be thrown, for `of`.
WEFT_EXPORT void remember_trace(const std::exception_ptr& error, const std::vector<place>& trace);
}  // namespace detail

}  // namespace weft
