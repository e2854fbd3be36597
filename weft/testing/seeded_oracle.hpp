#pragma once

#include "weft/base/export.hpp"
#include "weft/core/oracle.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::testing {

/// One line of the record of a run: a choice, or a coroutine that was resumed.
class WEFT_EXPORT trace_entry {
public:
    enum class kind : std::uint8_t { chosen, resumed };

    trace_entry(choice w, std::size_t n, std::size_t c) noexcept
        : is(kind::chosen), what(w), of(n), value(c) {}
    trace_entry(std::uint64_t id, clock::time_point t) noexcept
        : is(kind::resumed), value(id), time(t) {}

    kind is;
    choice what{};            ///< of a choice: between what
    std::size_t of = 0;       ///< of a choice: how many there were
    std::uint64_t value = 0;  ///< of a choice: which was taken; else the coroutine's number
    clock::time_point time{};

    friend bool operator==(const trace_entry&, const trace_entry&) = default;
};

/// Chooses at random, the same for the same seed on every machine and compiler, and keeps a record
/// of what was chosen.
///
/// ```cpp fragment
/// for (const std::uint64_t seed : weft::testing::seeds()) {
///     weft::testing::seeded_oracle oracle(seed);
///     weft::testing::simulator world(&oracle);
///     // …
/// }
/// ```
///
/// Two runs of which `trace_hash` is the same made the same choices and resumed the same coroutines
/// at the same times: a test compares one number. The generator is xoshiro256** and its seed is
/// spread by splitmix64 (Blackman, Vigna), because the distributions of <random> differ between
/// standard libraries.
///
/// One thread, the loop's.
class WEFT_EXPORT seeded_oracle final : public oracle {
public:
    explicit seeded_oracle(std::uint64_t seed) noexcept;

    /// Keeps every entry from now on, not only their hash.
    seeded_oracle& record(bool whole = true) noexcept {
        is_recording_ = whole;
        return *this;
    }

    std::size_t choose(choice what, std::size_t n) noexcept override;
    void resumed(std::uint64_t id, clock::time_point time) noexcept override;

    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    /// How many choices were made.
    [[nodiscard]] std::uint64_t choices() const noexcept { return choices_; }
    [[nodiscard]] std::uint64_t trace_hash() const noexcept { return hash_; }
    [[nodiscard]] const std::vector<trace_entry>& trace() const noexcept { return trace_; }

private:
    std::uint64_t next() noexcept;
    void mix(std::uint64_t value) noexcept;

    std::uint64_t seed_;
    std::uint64_t state_[4];
    std::uint64_t hash_;
    std::uint64_t choices_ = 0;
    bool is_recording_ = false;
    std::vector<trace_entry> trace_;
};

/// The seeds that a test is to run: 1 to `count`; or the one number in the environment variable
/// WEFT_SEED, to run again what failed. Throws `usage_error` when that is no number.
[[nodiscard]] WEFT_EXPORT std::vector<std::uint64_t> seeds(std::size_t count = 20);

}  // namespace weft::testing
