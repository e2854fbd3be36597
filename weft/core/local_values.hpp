#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

/// What hangs on a block of the coroutine-local values (local.hpp).
///
/// Rules:
/// 1. A coroutine without values of its own or inherited has null and pays nothing else.
/// 2. Who is spawned shares the map of who spawned it. A map that is shared is copied before it is
///    changed; the values in it are shared, and never change.
/// 3. A thread's own map is what is used outside of a coroutine, and what `run` passes on.
/// 4. Nothing is atomic: a map and its values belong to one thread. A coroutine lets go of its map
///    at its end, not with its last handle.
namespace weft::detail {

struct local_value {
    std::uint64_t key;  ///< of the `local`; never used twice
    void (*destroy)(local_value* self) noexcept;
    local_value* (*copy)(const local_value* self);  ///< null: of a type that has no copies
    std::size_t holders = 1;
};
template <class T>
struct local_value_of final : local_value {
    template <class... Args>
    explicit local_value_of(std::uint64_t of, Args&&... args)
        : local_value{of, [](local_value* v) noexcept { delete static_cast<local_value_of*>(v); },
                      copier()},
          value(std::forward<Args>(args)...) {}
    T value;

private:
    static constexpr auto copier() noexcept -> local_value* (*)(const local_value*) {
        if constexpr (std::is_copy_constructible_v<T>)
            return [](const local_value* v) -> local_value* {
                return new local_value_of(v->key, static_cast<const local_value_of*>(v)->value);
            };
        else
            return nullptr;
    }
};

struct local_values {
    std::size_t holders = 1;
    std::vector<local_value*> sorted;  ///< by key
};

[[nodiscard]] WEFT_EXPORT std::uint64_t next_local_key() noexcept;
/// What the caller sees of it: null when nothing was set.
[[nodiscard]] WEFT_EXPORT const local_value* find_local(std::uint64_t key) noexcept;
/// Sets it for the caller, or erases it for null, and gives what was there; either is held by the
/// one who has it. Throws `std::bad_alloc`, and nothing is changed.
[[nodiscard]] WEFT_EXPORT local_value* exchange_local(std::uint64_t key, local_value* to);
WEFT_EXPORT void drop_local(local_value* v) noexcept;

/// What who is begun by `by`, or outside of a coroutine, shares with it.
[[nodiscard]] local_values* locals_to_inherit(const control_block* by) noexcept;
/// Copies of the caller's values, on their way to another thread: each map belongs to one. What
/// cannot be copied stays behind.
class WEFT_EXPORT carried_locals {
public:
    /// Of the caller. What a copy throws, it throws.
    carried_locals();
    carried_locals(carried_locals&& other) noexcept : map_(std::exchange(other.map_, nullptr)) {}
    carried_locals& operator=(carried_locals&&) = delete;
    ~carried_locals();

    /// Outside of a coroutine: while it lives, whoever is begun begins with them.
    class WEFT_EXPORT given {
    public:
        explicit given(carried_locals& to_give) noexcept;
        given(const given&) = delete;
        given& operator=(const given&) = delete;
        ~given();

    private:
        local_values* before_;
    };

private:
    local_values* map_ = nullptr;
};

/// At the end of a coroutine that has some.
[[gnu::cold]] void drop_locals(control_block& b) noexcept;

}  // namespace weft::detail
