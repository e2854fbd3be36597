#pragma once

#include "weft/base/export.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

/// Functions that a loop is to call: `call_soon`, `call_later`, `call_at`, `post`.
namespace weft::detail {

class call_queue;
class scheduler;

/// A function that is to be called on the loop's stack, where no coroutine runs.
///
/// It is in one queue until it is called, is cancelled or goes with its loop: in that of those that
/// wait for their time, and then in that of those which the next turn calls. It lives as long as it
/// is in one or a handle is left. One thread, the loop's.
class WEFT_EXPORT scheduled_call : public timer {
public:
    /// What there is to do, by the type of the function.
    struct vtable {
        void (*invoke)(scheduled_call& c);            ///< may throw
        void (*discard)(scheduled_call& c) noexcept;  ///< destroys the function
        void (*free)(scheduled_call& c) noexcept;
    };

    [[nodiscard]] bool pending() const noexcept { return queue_ != nullptr; }
    /// REQUIRES: pending.
    [[nodiscard]] scheduler& home() const noexcept { return *home_; }
    void add_reference() noexcept { ++references_; }
    void drop_reference() noexcept {
        if (--references_ == 0) code_->free(*this);
    }

protected:
    explicit scheduled_call(const vtable& code) noexcept;
    ~scheduled_call() = default;

private:
    friend class call_queue;
    friend class scheduler;

    const vtable* code_;
    scheduler* home_ = nullptr;
    call_queue* queue_ = nullptr;
    scheduled_call* prev_ = nullptr;
    scheduled_call* next_ = nullptr;
    std::uint32_t references_ = 1;
};

/// Calls in the order in which they came. Owns a reference to each.
class WEFT_EXPORT call_queue {
public:
    call_queue() noexcept = default;
    call_queue(const call_queue&) = delete;
    call_queue& operator=(const call_queue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    /// REQUIRES: it is in none.
    void push_back(scheduled_call& c) noexcept;
    /// REQUIRES: it is in this one.
    void remove(scheduled_call& c) noexcept;
    [[nodiscard]] scheduled_call& front() const noexcept { return *first_; }
    /// Takes over all that `from` has; this one is empty.
    void take(call_queue& from) noexcept;

private:
    scheduled_call* first_ = nullptr;
    scheduled_call* last_ = nullptr;
};

template <class F>
class typed_call final : public scheduled_call {
public:
    template <class G>
    explicit typed_call(std::in_place_t, G&& f) : scheduled_call(the_code) {
        ::new (static_cast<void*>(&room_)) F(std::forward<G>(f));
    }

private:
    [[nodiscard]] static F& function_of(scheduled_call& c) noexcept {
        return *std::launder(reinterpret_cast<F*>(&static_cast<typed_call&>(c).room_));
    }
    static constexpr vtable the_code{
        [](scheduled_call& c) { std::move(function_of(c))(); },
        [](scheduled_call& c) noexcept { function_of(c).~F(); },
        [](scheduled_call& c) noexcept { delete static_cast<typed_call*>(&c); },
    };

    // Destroyed when it has been called or cancelled, not with the last handle.
    alignas(F) std::byte room_[sizeof(F)];
};

template <class F>
[[nodiscard]] scheduled_call& make_call(F&& f) {
    return *new typed_call<std::decay_t<F>>(std::in_place, std::forward<F>(f));
}

/// A function that another thread has for the loop.
template <class F>
class posted_call final : public posted {
public:
    template <class G>
    explicit posted_call(std::in_place_t, G&& f)
        : posted{&take, nullptr, &drop}, function_(std::forward<G>(f)) {}

private:
    static void take(posted& p) noexcept;
    static void drop(posted& p) noexcept { delete static_cast<posted_call*>(&p); }

    F function_;
};

/// Reports what a callback of the loop that runs has thrown, and is handling.
WEFT_EXPORT void report_callback() noexcept;

template <class F>
void posted_call<F>::take(posted& p) noexcept {
    auto* const self = static_cast<posted_call*>(&p);
    try {
        std::move(self->function_)();
    } catch (...) {
        report_callback();
    }
    delete self;
}

/// Posts `f`; false when the loop is closed, and `f` is destroyed.
template <class F>
bool post_call(inbox& to, F&& f) {
    auto* const call = new posted_call<std::decay_t<F>>(std::in_place, std::forward<F>(f));
    if (to.post(*call)) return true;
    delete call;
    return false;
}

}  // namespace weft::detail

namespace weft {

/// A function that a loop is to call, to take it back. Copies are handles on the same; dropping
/// them changes nothing. One thread, the loop's.
class WEFT_EXPORT call_handle {
public:
    call_handle() noexcept = default;
    explicit call_handle(detail::scheduled_call& c) noexcept : call_(&c) { c.add_reference(); }
    call_handle(const call_handle& other) noexcept : call_(other.call_) {
        if (call_ != nullptr) call_->add_reference();
    }
    call_handle(call_handle&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    call_handle& operator=(call_handle other) noexcept {
        std::swap(call_, other.call_);
        return *this;
    }
    ~call_handle() {
        if (call_ != nullptr) call_->drop_reference();
    }

    /// It will not be called. False when it has been, or was cancelled, or went with its loop.
    bool cancel() noexcept;
    /// It has not been called yet, and will be.
    [[nodiscard]] bool pending() const noexcept { return call_ != nullptr && call_->pending(); }

private:
    detail::scheduled_call* call_ = nullptr;
};

}  // namespace weft
