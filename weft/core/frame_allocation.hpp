#pragma once

#include "weft/machine/frame_pool.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

/// Where coroutine frames live: the frame pool, or an allocator that the caller passes as in
/// C++23's `std::generator`: first parameters `std::allocator_arg, allocator` (after the object,
/// for members).
namespace weft::detail {

/// Frames through a user's allocator, in whole 64-byte units: one for the header, the frame, and
/// the allocator itself behind it.
template <class Allocator>
struct custom_frames {
    struct alignas(frame_alignment) unit {
        std::byte bytes[frame_alignment];
    };
    using traits = typename std::allocator_traits<Allocator>::template rebind_traits<unit>;
    using allocator = typename traits::allocator_type;
    static_assert(std::is_pointer_v<typename traits::pointer>,
                  "a frame's allocator must use plain pointers");

    static std::size_t frame_units(std::size_t bytes) noexcept {
        return (bytes + sizeof(unit) - 1) / sizeof(unit);
    }
    static std::size_t all_units(std::size_t bytes) noexcept {
        return 1 + frame_units(bytes) + frame_units(sizeof(allocator));
    }
    static allocator* allocator_behind(unit* frame, std::size_t bytes) noexcept {
        return reinterpret_cast<allocator*>(frame + frame_units(bytes));
    }
    static void* allocate(const Allocator& given, std::size_t bytes) {
        allocator alloc(given);
        unit* const frame = traits::allocate(alloc, all_units(bytes)) + 1;
        *header_of(frame) = {&deallocate, bytes};
        ::new (static_cast<void*>(allocator_behind(frame, bytes))) allocator(std::move(alloc));
        return frame;
    }
    static void deallocate(void* block) noexcept {
        unit* const frame = static_cast<unit*>(block);
        const std::size_t bytes = header_of(frame)->bytes;
        allocator* const stored = allocator_behind(frame, bytes);
        allocator alloc(std::move(*stored));
        stored->~allocator();
        traits::deallocate(alloc, frame - 1, all_units(bytes));
    }
};

/// Base of the promises whose frames may come from the pool or from a user's allocator.
///
/// g++ passes the closure of a lambda coroutine to `operator new` and clang does not: hence the
/// overloads with an object in front of `std::allocator_arg`.
struct frame_allocation {
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }

    template <class Allocator, class... Args>
    static void* operator new(std::size_t bytes, std::allocator_arg_t, const Allocator& allocator,
                              const Args&...) {
        return custom_frames<Allocator>::allocate(allocator, bytes);
    }

    template <class This, class Allocator, class... Args>
    static void* operator new(std::size_t bytes, const This&, std::allocator_arg_t,
                              const Allocator& allocator, const Args&...) {
        return custom_frames<Allocator>::allocate(allocator, bytes);
    }

    static void operator delete(void* frame) noexcept { deallocate_frame(frame); }
};

}  // namespace weft::detail
