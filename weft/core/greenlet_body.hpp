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

template <class Fn>
class greenlet_body : public greenlet_block {
public:
    using arguments = parcel_of<Fn>;

    template <class Given>
    static greenlet_body* make(Given&& fn) {
        void* const memory = allocate_frame(sizeof(greenlet_body));
        try {
            auto* const body = ::new (memory) greenlet_body(std::forward<Given>(fn));
            adopt_greenlet(*body);
            return body;
        } catch (...) {
            deallocate_frame(memory);
            throw;
        }
    }

private:
    // Private, and only `make` calls it, with a callable.
    template <class Given>
        requires std::constructible_from<Fn, Given&&>
    explicit greenlet_body(Given&& fn) {  // NOLINT(bugprone-forwarding-reference-overload)
        std::construct_at(callable(), std::forward<Given>(fn));
        code = &code_;
    }
    [[nodiscard]] Fn* callable() noexcept { return reinterpret_cast<Fn*>(storage_); }
    [[nodiscard]] Fn take_callable() {
        struct end {
            Fn* fn;
            ~end() { std::destroy_at(fn); }
        };
        const end last{callable()};
        return Fn(std::move(*last.fn));
    }
    static greenlet_body& of(void* block) noexcept {
        return static_cast<greenlet_body&>(*static_cast<greenlet_block*>(block));
    }

    using result = std::decay_t<decltype(call_with_parcel(std::declval<Fn&>(), 0))>;

    /// The result stays on this stack until the parent has moved it out.
    union result_place {
        result_place() noexcept {}
        ~result_place() {}
        char nothing = 0;
        std::conditional_t<std::is_void_v<result>, char, result> value;
    };

    static void run(void* block) {
        greenlet_body& self = of(block);
        context_entered(self.machine);
        result_place kept;
        std::exception_ptr error;
        bool exited = false;
        try {
            // The callable moves onto this stack, beside what else the body works with.
            Fn fn(self.take_callable());
            const greenlet_arrival arrival(self);
            if constexpr (std::is_void_v<result>)
                call_with_parcel(fn, self.value);
            else
                ::new (static_cast<void*>(std::addressof(kept.value)))
                    result(call_with_parcel(fn, self.value));
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
    static void dispose(greenlet_block& block) noexcept { std::destroy_at(of(&block).callable()); }
    static void destroy(greenlet_block& block) noexcept {
        greenlet_body* const body = &of(&block);
        std::destroy_at(body);
        deallocate_frame(body);
    }
    static void destroy_result(std::uintptr_t word) noexcept {
        if constexpr (!std::is_void_v<result>) std::destroy_at(reinterpret_cast<result*>(word));
    }
    static constexpr bool result_is_to_destroy = [] {
        if constexpr (std::is_void_v<result>)
            return false;
        else
            return !crosses_in_a_word<result> && !std::is_trivially_destructible_v<result>;
    }();

    static constexpr greenlet_code code_{&run, &dispose, &destroy,
                                         result_is_to_destroy ? &destroy_result : nullptr,
                                         &typeid(arguments)};

    alignas(Fn) std::byte storage_[sizeof(Fn)];
};

}  // namespace weft::detail
