#pragma once

#include "weft/base/error.hpp"
#include "weft/core/greenlet_block.hpp"
#include "weft/core/greenlet_values.hpp"
#include "weft/machine/frame_pool.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// A block together with the callable that it runs.
namespace weft::detail {

/// A parameter that is an lvalue reference is given the object on this stack.
template <class Fn, class T>
decltype(auto) call_with_one(Fn& fn, T& given) {
    if constexpr (std::invocable<Fn, T>)
        return std::invoke(std::move(fn), std::move(given));
    else
        return std::invoke(std::move(fn), given);
}

/// Calls `fn` with what the first switch brought, moved onto this stack.
template <class Fn>
decltype(auto) call_with_parcel(Fn& fn, std::uintptr_t word) {
    using arguments = parcel_of<Fn>;
    if constexpr (std::is_void_v<arguments>) {
        return std::invoke(std::move(fn));
    } else {
        arguments given = from_word<arguments>(word);
        if constexpr (std::invocable<Fn, arguments> || std::invocable<Fn, arguments&>)
            return call_with_one(fn, given);
        else
            return std::apply(
                [&fn](auto&... each) -> decltype(auto) {
                    if constexpr (std::invocable<Fn, decltype(std::move(each))...>)
                        return std::invoke(std::move(fn), std::move(each)...);
                    else
                        return std::invoke(std::move(fn), each...);
                },
                given);
    }
}

/// What a block with a callable of type `Fn` is and does; the callable lies behind the block.
template <class Fn>
class greenlet_body {
public:
    using arguments = parcel_of<Fn>;
    static_assert(alignof(Fn) <= frame_alignment, "blocks are aligned to 64 bytes");

    template <class Given>
    static greenlet_block* make(Given&& fn, std::size_t stack_bytes, std::size_t guard_bytes) {
        greenlet_block* const block =
            make_greenlet_block(callable_at + sizeof(Fn), code_, stack_bytes, guard_bytes);
        try {
            ::new (place_in(*block)) Fn(std::forward<Given>(fn));
        } catch (...) {
            unmake_greenlet_block(block);
            throw;
        }
        return block;
    }

private:
    static constexpr std::size_t callable_at =
        (sizeof(greenlet_block) + alignof(Fn) - 1) / alignof(Fn) * alignof(Fn);

    [[nodiscard]] static void* place_in(greenlet_block& block) noexcept {
        return reinterpret_cast<std::byte*>(&block) + callable_at;
    }
    [[nodiscard]] static Fn* callable_in(greenlet_block& block) noexcept {
        return std::launder(static_cast<Fn*>(place_in(block)));
    }

    /// Destroys the callable in the block: once it has been moved out, or when that never happens.
    class callable_owner {
    public:
        explicit callable_owner(greenlet_block& block) noexcept : fn_(callable_in(block)) {}
        callable_owner(const callable_owner&) = delete;
        callable_owner& operator=(const callable_owner&) = delete;
        ~callable_owner() {
            if (fn_ != nullptr) std::destroy_at(fn_);
        }
        [[nodiscard]] Fn take() {
            const callable_owner last(std::exchange(fn_, nullptr));
            return Fn(std::move(*last.fn_));
        }

    private:
        explicit callable_owner(Fn* fn) noexcept : fn_(fn) {}
        Fn* fn_;
    };

    using result = std::decay_t<decltype(call_with_parcel(std::declval<Fn&>(), 0))>;

    /// The result stays on this stack until the parent has moved it out.
    union result_place {
        result_place() noexcept {}
        ~result_place() {}
        char nothing = 0;
        std::conditional_t<std::is_void_v<result>, char, result> value;
    };

    static void run(void* block) {
        greenlet_block& self = *static_cast<greenlet_block*>(block);
        context_entered(self.machine);
        result_place kept;
        std::exception_ptr error;
        bool exited = false;
        try {
            callable_owner owner(self);
            greenlet_thread& thread = this_greenlet_thread();
            const greenlet_arrival arrival(thread);
            const std::uintptr_t brought = thread.value;
            // The callable moves onto this stack, beside what else the body works with.
            Fn fn(owner.take());
            if constexpr (std::is_void_v<result>)
                call_with_parcel(fn, brought);
            else
                ::new (static_cast<void*>(std::addressof(kept.value)))
                    result(call_with_parcel(fn, brought));
        } catch (const greenlet_exit&) {
            exited = true;
        } catch (...) {
            error = std::current_exception();
        }
        if (exited) finish_greenlet_by_exit(self);
        if (error) finish_greenlet_by(self, std::move(error));
        if constexpr (std::is_void_v<result>)
            finish_greenlet(self, typeid(void), 0);
        else
            finish_greenlet(self, typeid(result), word_of(kept.value));
    }
    static void dispose(greenlet_block& block) noexcept { std::destroy_at(callable_in(block)); }
    static void destroy_result(std::uintptr_t word) noexcept {
        if constexpr (!std::is_void_v<result>) std::destroy_at(reinterpret_cast<result*>(word));
    }
    static constexpr bool result_is_to_destroy = [] {
        if constexpr (std::is_void_v<result>)
            return false;
        else
            return !crosses_in_a_word<result> && !std::is_trivially_destructible_v<result>;
    }();

    static constexpr greenlet_code code_{
        &run, &dispose, result_is_to_destroy ? &destroy_result : nullptr, &typeid(arguments)};
};

}  // namespace weft::detail
