#pragma once

#include "weft/base/export.hpp"
#include "weft/core/cancelled.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/watchdog.hpp"

#include <chrono>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

/// Coroutines and places in words.
namespace weft {

class options;

namespace detail {

/// "crawl.cpp:21"; "an unknown place" for none.
[[nodiscard]] WEFT_EXPORT std::string describe_place(const std::source_location& where);
[[nodiscard]] WEFT_EXPORT std::string describe_place(place where);
/// "crawl.cpp:21 in fetch(int)".
[[nodiscard]] WEFT_EXPORT std::string describe_frame(const std::source_location& where);
/// The name of a function as people write it. Inside of a coroutine g++ gives that of a function of
/// its own, which takes the frame: "void fetch(fetch(int)::_Z5fetchi.Frame*)".
[[nodiscard]] WEFT_EXPORT std::string clean_function_name(std::string_view name);
/// "task 3 'crawl', spawned at crawl.cpp:21".
[[nodiscard]] WEFT_EXPORT std::string describe(const control_block& b);
/// A line for each coroutine that lives: what it waits for, and where; and since when.
enum class waits_text : bool { places, times };
[[nodiscard]] WEFT_EXPORT std::string describe_waits(scheduler& home,
                                                     waits_text with = waits_text::places);
/// Says what is left of a loop that was to end.
void report_held_up(scheduler& home) noexcept;
/// For `stack::set_owner`: in a signal handler.
std::size_t name_for_overflow(const void* block, char* buffer, std::size_t bytes) noexcept;
/// Names change and go under a mutex, because the watchdog may be reading one.
WEFT_EXPORT void set_block_name(control_block& b, std::string_view text);
void forget_extra(control_block& b) noexcept;
/// Says that a coroutine keeps its thread; on the watchdog's thread.
void describe_slow(const options& how, const watched_loop& loop,
                   std::chrono::nanoseconds kept) noexcept;
/// By the coroutine that runs.
[[nodiscard]] WEFT_EXPORT cancel_origin origin_here(cancel_reason why,
                                                    std::source_location at) noexcept;
/// Where the coroutine that runs has called what it is in, one of the `with_…` functions.
[[nodiscard]] WEFT_EXPORT place place_of_call() noexcept;

}  // namespace detail
}  // namespace weft
