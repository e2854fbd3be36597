#pragma once

#include "weft/core/greenlet_body.hpp"

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft {

/// How a greenlet is made. Set what differs: `greenlet_options{}.stack(1024 * 1024)`.
class greenlet_options {
public:
    greenlet_options() noexcept = default;
    /// Bytes of stack, at least.
    greenlet_options& stack(std::size_t bytes) noexcept {
        stack_ = bytes;
        return *this;
    }
    /// Bytes of guard below the stack, at least.
    greenlet_options& guard(std::size_t bytes) noexcept {
        guard_ = bytes;
        return *this;
    }
    [[nodiscard]] std::size_t stack() const noexcept { return stack_; }
    [[nodiscard]] std::size_t guard() const noexcept { return guard_; }

private:
    std::size_t stack_ = default_stack_bytes;
    std::size_t guard_ = default_guard_bytes;
};

/// A greenlet: a function with a stack of its own, which any other may switch to, and which goes on
/// where it switched away itself. It needs no loop.
///
/// ```cpp
/// int sum_of_two() {
///     weft::greenlet main = weft::greenlet::current();
///     weft::greenlet adder([main](int first) mutable {
///         const int second = main.switch_to<int>();  // until somebody hands over an int
///         return first + second;                     // to the parent: who made it
///     });
///     adder.switch_to(1);
///     return adder.switch_to<int>(2);
/// }
/// ```
///
/// 1. The first switch to a greenlet passes the arguments of its function, moved onto the new
///    stack. Later ones give the value of the `switch_to` that it is suspended in: nothing, one
///    value, or a `std::tuple` of several. Types must be the same on both sides, after decay; a
///    string literal counts as `std::string_view`. A `switch_to<void>` discards what comes.
///    Anything else throws `bad_switch`, in the sender where there is one.
/// 2. When the function returns, its value goes to the parent: the greenlet that made it, unless
///    changed. An uncaught exception is raised in the parent. `greenlet_exit` is no error: it
///    becomes a value. Switching to a dead greenlet switches to its nearest living ancestor.
/// 3. The object is a handle: copies name the same greenlet. Dropping the last one of a suspended
///    greenlet unwinds its stack: `greenlet_exit` is raised in it. One that catches this and
///    switches back, instead of ending, ends the program with a text. What the unwinding throws
///    goes to `report_unhandled`. Being a parent does not count: a child whose parent was unwound
///    goes on to the parent's parent. One that drops its own last handle is unwound when it
///    switches away.
/// 4. It belongs to the thread that made it. A switch from another one throws `usage_error`;
///    handles must not be copied or dropped there while it lives.
/// 5. A switch allocates nothing and makes no system call. The first one takes a stack.
///
/// A greenlet whose function holds a handle to itself never loses its last handle: it leaks when it
/// is left suspended. Source: the Python package greenlet.
class WEFT_EXPORT greenlet {
public:
    /// A greenlet that will call `fn`, in the first switch to it. `fn` is a function or an object
    /// with one call operator, or one that takes nothing.
    template <class Fn>
        requires(!std::same_as<std::remove_cvref_t<Fn>, greenlet>)
    explicit greenlet(Fn&& fn, const greenlet_options& options = {})
        : block_(detail::greenlet_body<std::decay_t<Fn>>::make(std::forward<Fn>(fn),
                                                               options.stack(), options.guard())) {}
    greenlet(const greenlet& other) noexcept : block_(other.block_) {
        if (block_ != nullptr) block_->add_handle();
    }
    greenlet(greenlet&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    greenlet& operator=(greenlet other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~greenlet() {
        if (block_ != nullptr) block_->drop_handle();
    }

    /// The one that is running. Each thread has one that it began with.
    [[nodiscard]] static greenlet current();

    /// Suspends the running greenlet and goes on in this one, with `args`. Returns what the switch
    /// brings that comes back, or throws what is thrown into the running one.
    template <class R = void, class... Args>
    [[gnu::always_inline]] R switch_to(Args&&... args);

    /// The same, but raises `exception` there. One that has not begun dies of it without running;
    /// in place of a dead one its nearest living ancestor gets it.
    template <class R = void, class Exception>
        requires(!std::same_as<std::remove_cvref_t<Exception>, std::exception_ptr>)
    R throw_(Exception&& exception) {
        return throw_<R>(std::make_exception_ptr(std::forward<Exception>(exception)));
    }
    template <class R = void>
    R throw_(std::exception_ptr error);

    /// The greenlet that gets the value or the error in the end; empty for a thread's own.
    [[nodiscard]] greenlet parent() const;
    /// Throws `usage_error` when that would close a cycle, for another thread's and a dead parent,
    /// and for a thread's own greenlet.
    void set_parent(const greenlet& parent);

    /// It has begun, though it may have ended.
    [[nodiscard]] bool started() const noexcept {
        return block_ != nullptr && block_->phase != detail::greenlet_phase::created;
    }
    /// Its function has ended, or it was ended before it began.
    [[nodiscard]] bool dead() const noexcept {
        return block_ != nullptr && block_->phase == detail::greenlet_phase::dead;
    }
    /// Whether it names a greenlet: it was not moved from.
    explicit operator bool() const noexcept { return block_ != nullptr; }
    friend bool operator==(const greenlet& a, const greenlet& b) noexcept = default;

    /// Has `tracer` called after each switch and each throw between greenlets of this thread, where
    /// it arrives, before that goes on; returns the tracer before. An empty one ends it. A tracer
    /// that throws is removed, and the exception is raised where it was called.
    static greenlet_tracer set_tracer(greenlet_tracer tracer);

private:
    friend class detail::greenlet_arrival;
    greenlet() noexcept : block_(nullptr) {}
    explicit greenlet(detail::greenlet_block& block) noexcept : block_(&block) {
        block.add_handle();
    }

    template <class R>
    [[gnu::always_inline]] static R receive();
    template <class R>
    [[gnu::noinline]] static R receive_unusually();

    detail::greenlet_block* block_;
};

template <class R, class... Args>
inline R greenlet::switch_to(Args&&... args) {
    static_assert(std::same_as<R, std::decay_t<R>>, "values come by value: name an object type");
    using parcel = detail::greenlet_parcel<Args...>;
    parcel sent(std::forward<Args>(args)...);
    detail::greenlet_thread& thread = detail::this_greenlet_thread();
    detail::greenlet_block* to = block_;
    detail::greenlet_block* from = thread.current;
    if (to == nullptr || to->expects != &typeid(typename parcel::type) ||
        to->thread != thread.usual_id) [[unlikely]] {
        to = detail::switch_unusually(to, typeid(typename parcel::type), sent.word(), typeid(R));
        if (to == nullptr) return receive<R>();
        from = thread.origin;
    } else {
        from->expects = &typeid(R);
        to->expects = nullptr;
        if constexpr (sizeof...(Args) > 0) thread.value = sent.word();
        thread.current = to;
    }
    switch_context(from->machine, to->machine, *thread.exceptions);
    return receive<R>();
}

template <class R>
R greenlet::throw_(std::exception_ptr error) {
    static_assert(std::same_as<R, std::decay_t<R>>, "values come by value: name an object type");
    detail::throw_into(block_, std::move(error), typeid(R));
    return receive<R>();
}

template <class R>
inline R greenlet::receive() {
    const detail::greenlet_thread& thread = detail::this_greenlet_thread();
    if (thread.arrivals != 0) [[unlikely]]
        return receive_unusually<R>();
    return detail::from_word<R>(thread.value);
}

template <class R>
R greenlet::receive_unusually() {
    detail::greenlet_thread& thread = detail::this_greenlet_thread();
    const detail::greenlet_arrival arrival(thread);
    return detail::from_word<R>(thread.value);
}

}  // namespace weft
