#pragma once

#include "weft/base/export.hpp"
#include "weft/core/fiber_record.hpp"
#include "weft/core/frame_allocation.hpp"
#include "weft/core/stored_result.hpp"

#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

/// Fibers by the type of their bodies: the callable and its arguments, behind the record.
namespace weft::detail {

template <class T, class F, class... Args>
class typed_fiber final : public fiber_record {
public:
    template <class G, class... As>
    explicit typed_fiber(G&& fn, As&&... args) {
        code = &the_code;
        ::new (static_cast<void*>(&call_)) call(std::forward<G>(fn), std::forward<As>(args)...);
    }
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* p) noexcept { deallocate_frame(p); }

private:
    using call = std::tuple<F, Args...>;

    static call& call_of(fiber_record& self) noexcept {
        return *std::launder(reinterpret_cast<call*>(&static_cast<typed_fiber&>(self).call_));
    }
    static void run(fiber_record& self) {
        const auto invoke = [](F& fn, Args&... args) -> decltype(auto) {
            return std::invoke(std::move(fn), std::forward<Args>(args)...);
        };
        if constexpr (std::is_void_v<T>)
            std::apply(invoke, call_of(self));
        else
            store_result<T>(self.result, self.block->flags, std::apply(invoke, call_of(self)));
    }
    static void dispose(fiber_record& self) noexcept { call_of(self).~call(); }
    static constexpr fiber_code the_code{&run, &dispose};

    alignas(call) std::byte call_[sizeof(call)];
};

/// Gives a new fiber its block and its stack, and makes it ready.
WEFT_EXPORT control_block& begin_fiber(scheduler& home, cancel_node& in, place at,
                                       fiber_record& self);

template <class T, class F, class... Args>
[[nodiscard]] control_block& make_fiber(scheduler& home, cancel_node& in, place at, F&& fn,
                                        Args&&... args) {
    using fiber = typed_fiber<T, std::decay_t<F>, std::unwrap_ref_decay_t<Args>...>;
    return begin_fiber(home, in, at, *new fiber(std::forward<F>(fn), std::forward<Args>(args)...));
}

}  // namespace weft::detail
