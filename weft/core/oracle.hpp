#pragma once

#include "weft/base/export.hpp"
#include "weft/core/clock.hpp"

#include <cstddef>
#include <cstdint>

/// The one place where a program's freedom of choice is decided.
namespace weft {

/// What there is to choose.
enum class choice : std::uint8_t {
    ready,       ///< which of the ready coroutines runs next
    timer,       ///< which of the timers with the same deadline expires next
    completion,  ///< which of the completed operations is reported next
    bytes,       ///< how many bytes an operation transfers, less one
    branch,      ///< which of the branches of a select that are possible is served
    delay,       ///< how much of a pause is left out that is up to chance
    arrival,     ///< how long what is sent is under way in a simulated network
    fault,       ///< which of a network's failures happens, if any
};

/// Decides what the scheduler leaves open. A loop without one takes the first of everything (FIFO,
/// which is its behaviour and not a contract). Those of weft/testing are seeded, so that a test can
/// meet every order and meet it again.
///
/// Used by the loop's thread only.
class WEFT_EXPORT oracle {
public:
    oracle() noexcept = default;
    oracle(const oracle&) = delete;
    oracle& operator=(const oracle&) = delete;
    virtual ~oracle();

    /// A number below `n`. `n` is at least 2: what leaves no choice is not asked.
    virtual std::size_t choose(choice what, std::size_t n) noexcept = 0;

    /// Coroutine number `id` is about to be resumed, at `time`. For the record of a run.
    virtual void resumed(std::uint64_t id, clock::time_point time) noexcept;
};

}  // namespace weft
