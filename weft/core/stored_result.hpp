#pragma once

#include "weft/core/control_block.hpp"
#include "weft/machine/frame_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

/// The result of a coroutine that was spawned, from its end until nobody holds it any more. It is
/// moved out of the frame or off the stack, so that these are gone when the coroutine is.
namespace weft::detail {

/// A result that does not fit into a word.
struct boxed_result {
    void (*destroy)(boxed_result* self) noexcept;
};
template <class T>
struct boxed final : boxed_result {
    template <class U>
    boxed(std::in_place_t, U&& v) : boxed_result{&destroy_boxed}, value(std::forward<U>(v)) {}
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* p) noexcept { deallocate_frame(p); }
    static void destroy_boxed(boxed_result* self) noexcept { delete static_cast<boxed*>(self); }

    T value;
};

template <class T>
inline constexpr bool fits_a_word =
    std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(void*) &&
    std::is_default_constructible_v<T> && std::is_copy_constructible_v<T>;

/// Keeps a result in `slot`, for a block of which `flags` are. May throw what its move throws.
template <class T, class U>
void store_result(void*& slot, std::uint8_t& flags, U&& value) {
    if constexpr (std::is_reference_v<T>) {
        slot = const_cast<void*>(static_cast<const void*>(std::addressof(value)));
        flags |= block_flag::inline_result;
    } else if constexpr (fits_a_word<T>) {
        const T copy(std::forward<U>(value));
        slot = nullptr;
        std::memcpy(&slot, &copy, sizeof copy);
        flags |= block_flag::inline_result;
    } else {
        static_assert(alignof(T) <= frame_alignment, "a result is aligned to 64 bytes at most");
        slot = static_cast<boxed_result*>(new boxed<T>(std::in_place, std::forward<U>(value)));
    }
}

/// Destroys the result of a block, if there is one.
inline void drop_result(control_block& b) noexcept {
    void* const slot = std::exchange(b.body, nullptr);
    if (slot != nullptr && !b.has(block_flag::inline_result)) {
        auto* const box = static_cast<boxed_result*>(slot);
        box->destroy(box);
    }
    b.flags &= static_cast<std::uint8_t>(~block_flag::inline_result);
}

/// The result of a block that has returned one.
template <class T>
[[nodiscard]] std::remove_reference_t<T>& result_of(control_block& b) noexcept {
    if constexpr (std::is_reference_v<T>)
        return *static_cast<std::remove_reference_t<T>*>(b.body);
    else if constexpr (fits_a_word<T>)
        // It was copied there byte by byte.
        return *std::launder(reinterpret_cast<T*>(reinterpret_cast<std::byte*>(&b.body)));
    else
        return static_cast<boxed<T>*>(static_cast<boxed_result*>(b.body))->value;
}

}  // namespace weft::detail
