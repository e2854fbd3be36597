#pragma once

#include <cstddef>

/// Memory of suspended stacks: what each costs, resident and in page tables, and how many mappings
/// they take together.
namespace bench {

/// What a suspended coroutine has written below the top of its stack: a few frames and registers.
inline constexpr std::size_t suspended_bytes = 400;

/// What is held between construction and the moment that it is asked.
class memory_meter {
public:
    memory_meter();

    /// (resident + page tables) / n, in KiB.
    [[nodiscard]] double kib_each(std::size_t n) const;
    /// The one and the other.
    [[nodiscard]] double resident_kib_each(std::size_t n) const;
    [[nodiscard]] double tables_kib_each(std::size_t n) const;
    /// Lines of the maps file that were added.
    [[nodiscard]] double mappings() const;

private:
    std::size_t resident_before_;
    std::size_t tables_before_;
    std::size_t mappings_before_;
};

/// Writes what a suspended coroutine leaves.
void suspend_at(void* top) noexcept;

}  // namespace bench
