#pragma once

#include "weft/core/delegation.hpp"
#include "weft/core/generator_exchange.hpp"
#include "weft/core/generator_view.hpp"
#include "weft/core/yielded.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

namespace weft {

/// A generator: a function that suspends at each `co_yield`, hands out a value, and may be handed
/// one.
///
/// ```cpp
/// weft::generator<int, int, std::string> guess(int secret) {
///     for (;;)
///         if (int number = co_yield 0; number == secret) co_return "win";
/// }
///
/// std::string play() {
///     auto game = guess(7);
///     game.next();                        // runs to the first co_yield
///     for (int n = 1; game.send(n);) ++n; // each send() is the value of that co_yield
///     return game.result();
/// }
/// ```
///
/// - `Yield`: what is handed out. References work as in C++23's `std::generator`: `generator<T>`
///   hands out `T&&`, `generator<const T&>` hands out the yielded object itself without a copy.
///   `void`: it only receives (`co_yield nothing`).
/// - `Send`: the value of `co_yield`. `next()` sends nothing: `Send{}`, so use `std::optional<T>`
///   to tell.
/// - `Return`: what `co_return` gives, once, by `result()`.
///
/// Calling the function runs none of its body. A generator without `Send` is a move-only
/// `input_range` and `view`; `begin()` goes on where the last `next()` stopped. `co_yield
/// from(inner)` delegates, with values, sends, errors and `close()` going straight to the innermost
/// one at any depth.
///
/// Misuse throws `usage_error` or a kind of it. In release builds the range-for path does not
/// check. Thread rule: may move between threads, one at a time; a second one gets
/// `already_executing`. Sources: PEP 255, 342, 380, 479; P2502 (`std::generator`).
template <class Yield, class Send, class Return>
class [[nodiscard]] generator : private detail::generator_handle {
public:
    using promise_type = detail::generator_promise<Yield, Send, Return>;
    using value_type = typename detail::yield_types<Yield>::value;
    using reference = typename detail::yield_types<Yield>::reference;
    class iterator;

    generator(generator&& other) noexcept
        : generator_handle(other), result_(std::move(other.result_)) {
        other.frame_ = nullptr;
        other.end_ = ending::moved;
        if (frame_ != nullptr) frame_->held_by(*this);
    }
    generator& operator=(generator&& other) noexcept {
        if (this != &other) {
            std::destroy_at(this);  // The destructor is noexcept, and so is the move.
            std::construct_at(this, std::move(other));
        }
        return *this;
    }
    ~generator() {
        if (frame_ != nullptr) frame_->destroy();
    }

    /// Runs to the next `co_yield`, the first time from the beginning. Empty when the body has
    /// ended.
    yielded<Yield> next() {
        detail::generator_frame* const frame = frame_;
        if (frame == nullptr || !frame->ready()) [[unlikely]]
            return next_unusual();
        if constexpr (std::is_void_v<Send>)
            return step(*frame, frame->resume());
        else if constexpr (detail::sends_by_value<Send>)
            return step(*frame, frame->resume_with_nothing(Send{}));
        else
            return step(*frame, frame->resume_with_nothing(static_cast<void*>(nullptr)));
    }

    /// The same, with `value` as the value of the `co_yield` that is suspended. Before the first
    /// `next()` it throws `not_started`, and the generator stays usable.
    template <class Value = Send>
        requires(!std::is_void_v<Send>) && std::convertible_to<Value&&, Send>
    yielded<Yield> send(Value&& value) {
        detail::generator_frame* const frame = frame_;
        if (frame == nullptr || !frame->ready()) [[unlikely]] {
            if (is_over()) return {};
            frame->refuse_to_resume("send()");
        }
        if constexpr (detail::sends_by_value<Send>) {
            const Send sent = static_cast<Send>(std::forward<Value>(value));
            return step(*frame, frame->resume_with(sent));
        } else if constexpr (sends_in_place<Value&&>) {
            return step(*frame, frame->resume_with(detail::address_of(value)));
        } else {
            Send sent(std::forward<Value>(value));
            return step(*frame, frame->resume_with(detail::address_of(sent)));
        }
    }

    /// Raises an exception at the `co_yield`; what the body yields in answer is the result. Before
    /// the start it closes the generator and throws; on a closed one it just throws.
    template <class Exception>
        requires(!std::same_as<std::remove_cvref_t<Exception>, std::exception_ptr>)
    yielded<Yield> throw_(Exception&& exception) {
        return raise(std::make_exception_ptr(std::forward<Exception>(exception)),
                     std::derived_from<std::remove_cvref_t<Exception>, generator_exit>);
    }
    yielded<Yield> throw_(std::exception_ptr error) {
        if (!error)
            throw usage_error("throw_(): the exception_ptr is empty: pass an exception, or one of "
                              "std::current_exception() inside a catch block");
        return raise(error, holds_exit(error));
    }

    /// Ends the generator: raises `generator_exit` at its `co_yield`, innermost first. Does nothing
    /// when it has ended. Throws what the body throws other than that, and `ignored_exit` when the
    /// body yields once more; then the generator lives.
    void close() {
        if (is_over()) return;
        if (frame_->created()) {
            release(ending::closed);
            return;
        }
        if (!frame_->ready()) frame_->refuse_to_resume("close()");
        if (frame_->resume_raising(std::make_exception_ptr(generator_exit{}), true))
            throw ignored_exit(
                "close(): the generator caught generator_exit and yielded a value: let the exit "
                "pass, or return; the generator is still alive");
        std::exception_ptr error = finish();
        if (error && !holds_exit(error)) std::rethrow_exception(std::move(error));
    }

    /// The value of `co_return`. Only once, after the generator has finished.
    Return result()
        requires(!std::is_void_v<Return>)
    {
        settle_if_done();
        if (end_ != ending::returned || !result_.has()) refuse_result();
        return result_.take();
    }

    [[nodiscard]] generator_state state() const noexcept {
        return frame_ == nullptr ? generator_state::closed : frame_->state();
    }
    /// Where it is suspended; before the start, its function (g++ names its last line, clang its
    /// first); line 0 once it has ended.
    [[nodiscard]] std::source_location where() const noexcept {
        return has_body() ? frame_->where() : std::source_location{};
    }
    /// The generator that this one delegates to at the moment, or an empty view.
    [[nodiscard]] generator_view delegate() const noexcept {
        return generator_view(has_body() ? frame_->delegated() : nullptr);
    }
    /// Size of the frame in bytes; 0 once it has ended.
    [[nodiscard]] std::size_t frame_bytes() const noexcept {
        return has_body() ? frame_->bytes() : 0;
    }
    /// The frame, for debuggers and logs; null once it has ended.
    [[nodiscard]] const void* address() const noexcept {
        return has_body() ? frame_->address() : nullptr;
    }
    /// The name of the generator's function.
    [[nodiscard]] std::string_view name() const noexcept {
        return has_body() ? detail::short_function_name(frame_->created_at()) : std::string_view{};
    }

    iterator begin()
        requires(std::is_void_v<Send> && !std::is_void_v<Yield>)
    {
        static_cast<void>(next());
        return iterator(frame_);
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept
        requires(std::is_void_v<Send> && !std::is_void_v<Yield>)
    {
        return {};
    }

private:
    friend promise_type;
    template <class, class, class>
    friend class generator;
    template <class>
    friend class detail::from_awaiter;

    using object = typename detail::yield_types<Yield>::object;
    struct no_result {};
    using kept_result =
        typename std::conditional_t<std::is_void_v<Return>, std::type_identity<no_result>,
                                    std::type_identity<detail::result_box<Return>>>::type;

    explicit generator(detail::generator_frame& frame) noexcept : generator_handle(frame) {}

    /// Whether the sender's object can be handed over as it is: a reference, or what may be moved.
    template <class Value>
    static constexpr bool sends_in_place =
        std::same_as<std::remove_cvref_t<Value>, std::remove_cvref_t<Send>> &&
        (std::is_reference_v<Send> ||
         (std::is_rvalue_reference_v<Value> && !std::is_const_v<std::remove_reference_t<Value>>));

    [[nodiscard]] bool is_ready() const noexcept { return frame_ != nullptr && frame_->ready(); }
    [[nodiscard]] bool has_body() const noexcept { return frame_ != nullptr && !frame_->done(); }

    /// What a resume gives to the program.
    yielded<Yield> step(detail::generator_frame& frame, bool has_yielded) {
        if (has_yielded) [[likely]] {
            if constexpr (std::is_void_v<Yield>)
                return yielded<void>(&frame);
            else
                return yielded<Yield>(detail::value_in<Yield>(frame.out()));
        }
        if (std::exception_ptr error = finish()) std::rethrow_exception(std::move(error));
        return {};
    }
    [[gnu::cold]] yielded<Yield> next_unusual() {
        if (is_over()) return {};
        if (!frame_->created()) frame_->refuse_to_resume("next()");
        return step(*frame_, frame_->start());
    }
    yielded<Yield> raise(std::exception_ptr error, bool closing) {
        if (!is_ready()) {
            if (!is_over()) {
                if (!frame_->created()) frame_->refuse_to_resume("throw_()");
                release(ending::failed);
            }
            std::rethrow_exception(std::move(error));
        }
        return step(*frame_, frame_->resume_raising(std::move(error), closing));
    }
    static bool holds_exit(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const generator_exit&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    /// Whether nothing can be resumed any more. Throws for a generator that was moved away.
    bool is_over() {
        settle_if_done();
        if (end_ == ending::moved)
            throw usage_error("this generator was moved from: use the object it was moved to");
        return frame_ == nullptr;
    }
    /// A range-for leaves a finished frame behind; the next call on the object notices.
    void settle_if_done() {
        if (frame_ != nullptr && frame_->done()) static_cast<void>(finish());
    }
    /// The body has ended for a delegation, without an error.
    void finish_quietly() {
        if (frame_ == nullptr) return;
        if constexpr (!std::is_void_v<Return>)
            result_ = std::move(static_cast<promise_type*>(frame_)->result());
        release(ending::returned);
    }
    /// The body has ended: keeps its result, frees the frame with the arguments, gives its error.
    [[gnu::cold]] std::exception_ptr finish() {
        std::exception_ptr error = frame_->take_error();
        if constexpr (!std::is_void_v<Return>) {
            if (!error) result_ = std::move(static_cast<promise_type*>(frame_)->result());
        }
        release(error ? ending::failed : ending::returned);
        return error;
    }
    void release(ending how) noexcept {
        end_ = how;
        std::exchange(frame_, nullptr)->destroy();
    }
    [[noreturn, gnu::cold]] void refuse_result() const;

    [[no_unique_address]] kept_result result_;
};

template <class Yield, class Send, class Return>
void generator<Yield, Send, Return>::refuse_result() const {
    switch (end_) {
        case ending::none:
            throw usage_error("result(): the generator has not finished: resume it until next() or "
                              "send() gives an empty result");
        case ending::failed:
            throw usage_error(
                "result(): the generator ended by an exception, which its resumer got");
        case ending::closed:
            throw usage_error("result(): the generator was closed before it returned a value");
        case ending::moved:
            throw usage_error(
                "result(): this generator was moved from: ask the object it was moved "
                "to");
        case ending::returned: break;
    }
    throw usage_error("result(): the value was taken already: it is given once");
}

/// The iterator of a generator's range: single pass, one word.
template <class Yield, class Send, class Return>
class generator<Yield, Send, Return>::iterator {
public:
    using value_type = generator::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() noexcept = default;
    iterator(iterator&& other) noexcept = default;
    iterator& operator=(iterator&& other) noexcept = default;
    ~iterator() = default;

    reference operator*() const noexcept {
        return static_cast<reference>(*detail::value_in<Yield>(frame_->out()));
    }
    object* operator->() const noexcept { return detail::value_in<Yield>(frame_->out()); }
    iterator& operator++() {
#ifdef NDEBUG
        const bool has_yielded = frame_->resume_unchecked();
#else
        if (frame_ == nullptr) detail::throw_iterator_at_end();
        if (!frame_->ready()) frame_->refuse_to_resume("++ on an iterator");
        const bool has_yielded = frame_->resume();
#endif
        if (!has_yielded) [[unlikely]]
            std::exchange(frame_, nullptr)->rethrow_error();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
        return it.frame_ == nullptr;
    }

private:
    friend generator;
    explicit iterator(detail::generator_frame* frame) noexcept : frame_(frame) {}

    detail::generator_frame* frame_ = nullptr;
};

}  // namespace weft

template <class Yield, class Send, class Return>
inline constexpr bool std::ranges::enable_view<weft::generator<Yield, Send, Return>> =
    std::is_void_v<Send> && !std::is_void_v<Yield>;

#include "weft/core/from.hpp"               // IWYU pragma: export
#include "weft/core/generator_promise.hpp"  // IWYU pragma: export
