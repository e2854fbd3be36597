#pragma once

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/export.hpp"
#include "weft/core/frame_allocation.hpp"

#include <atomic>
#include <bit>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <new>
#include <source_location>
#include <string_view>
#include <utility>

namespace weft {

/// Where a generator or a consumer stands.
enum class generator_state : std::uint8_t {
    created,    ///< nothing of its body has run
    suspended,  ///< at a `co_yield` or `co_await receive`
    running,    ///< its body, or one that it delegates to, is on the stack now
    closed,     ///< finished, failed, closed or moved from
};

}  // namespace weft

namespace weft::detail {

class generator_frame;

/// A delegation: `co_yield from(inner)`, from the first resume of `inner` to its end. It lies in
/// the frame of the outer generator, as part of the awaiter.
struct delegation {
    generator_frame* outer = nullptr;
    /// The pointer to the inner frame, in the generator object that holds it. That object may lie
    /// in the outer's frame (a temporary, a local) or anywhere else. Null once there is no inner.
    generator_frame** inner = nullptr;
    /// Set by `close()` for each delegation it finds: `outer` gets `generator_exit` when `inner`
    /// ends.
    bool closing = false;
};

/// Where a `co_yield` stands, as the compilers' built-in gives it: one word, so that it costs one
/// store.
using place = decltype(__builtin_source_location());

/// libstdc++'s `source_location` holds just that word.
[[nodiscard]] inline std::source_location location_at(place where) noexcept {
    static_assert(sizeof(std::source_location) == sizeof(place));
    return std::bit_cast<std::source_location>(where);
}

/// An `exception_ptr` whose owner clears it: its destructor is trivial, which keeps calls, and with
/// them saved registers, out of the code that resumes a body.
class error_slot {
public:
    error_slot() noexcept { ::new (static_cast<void*>(&error_)) std::exception_ptr(); }
    error_slot(const error_slot&) = delete;
    error_slot& operator=(const error_slot&) = delete;
    ~error_slot() {}  // NOLINT(modernize-use-equals-default): the union has none.

    explicit operator bool() const noexcept { return static_cast<bool>(error_); }
    [[nodiscard]] const std::exception_ptr& get() const noexcept { return error_; }
    void put(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] std::exception_ptr take() noexcept { return std::exchange(error_, nullptr); }

private:
    union {
        std::exception_ptr error_;
    };
};

/// The untyped part of a generator's promise: who delegates to whom, what was yielded, what was
/// sent.
///
/// The generators that delegate to each other form a chain, from the **root**, which the program
/// holds, to the **leaf**, which is suspended at a `co_yield` of its own. Resuming the root resumes
/// the leaf, and the leaf leaves its value with the root, so that neither depends on the length of
/// the chain.
///
/// Invariants:
/// 1. `root_` of every frame in a chain is its root; `leaf_` is valid in the root only.
/// 2. `value_` of the root is set exactly while the leaf is suspended at a `co_yield`; it is
///    cleared before anything is resumed. So one test of it tells "may be resumed", and afterwards
///    "has yielded". It is never set in a frame that is not a root.
/// 3. Starting or ending a delegation never resumes anything: it changes `leaf_` and suspends, and
///    the loop in `settle()` resumes the new leaf. The stack stays flat at any depth, on every
///    compiler.
/// 4. `error_` and `in_` of a frame, while it is being resumed, are what its `co_yield` is to raise
///    or to give. `error_` of a frame that is done is the exception that ended it.
/// 5. One thread at a time may use a generator. `value_` and `phase_` are relaxed atomics (plain
///    moves) so that a second thread is told `already_executing` instead of racing: best effort.
///
/// A frame's handle is found from its promise's address: this class comes first in every promise
/// and no promise is aligned above 16 bytes (checked in generator_promise.hpp).
class WEFT_EXPORT generator_frame : public frame_allocation {
public:
    enum class phase : std::uint8_t { created, live, done };

    explicit generator_frame(place where) noexcept : where_(where), created_(where) {}
    generator_frame(const generator_frame&) = delete;
    generator_frame& operator=(const generator_frame&) = delete;

    // Used by the handle that the program holds: this frame is the root.

    /// Resumes a suspended root with `in` for its `co_yield`; returns what is yielded next, or null
    /// when the body has ended (then see `take_error`). REQUIRES: `ready()`.
    void* resume(void* in) noexcept {
        leaf_->in_ = in;
        return resume();
    }
    /// The same without a value: for generators that receive none.
    void* resume() noexcept {
        value_.store(nullptr, std::memory_order_relaxed);
        leaf_->resume_body();
        void* const value = value_.load(std::memory_order_relaxed);
        return value != nullptr ? value : settle();
    }
    [[nodiscard]] void* value() const noexcept { return value_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool ready() const noexcept { return value() != nullptr; }
    [[nodiscard]] bool done() const noexcept { return get_phase() == phase::done; }
    [[nodiscard]] bool created() const noexcept { return get_phase() == phase::created; }

    /// The first resume. REQUIRES: `created()`.
    void* start() noexcept;
    /// Raises `error` at the leaf's `co_yield`. `closing` has PEP 380's rule for `GeneratorExit`:
    /// each inner generator is closed, then its outer one gets the exit. REQUIRES: `ready()`.
    void* resume_with(std::exception_ptr error, bool closing) noexcept;
    /// Destroys the chain from its leaf up, in a loop. Aborts when it is running.
    void destroy() noexcept;
    [[noreturn]] void refuse_to_resume(const char* attempt) const;

    /// The generator object that holds this frame has moved to `owner`.
    void held_by(generator_frame** owner) noexcept {
        if (up_ != nullptr) [[unlikely]]
            up_->inner = owner;
    }
    /// Throws what ended the body, if it ended by an exception. The frame remembers that it did.
    void rethrow_error() const {
        if (error_) [[unlikely]]
            std::rethrow_exception(error_.get());
    }
    [[nodiscard]] std::exception_ptr take_error() noexcept { return error_.take(); }
    [[nodiscard]] bool has_error() const noexcept { return static_cast<bool>(error_); }
    /// Destroys a frame that is done and whose error was taken.
    void destroy_done() noexcept { handle().destroy(); }

    [[nodiscard]] generator_state state() const noexcept;
    [[nodiscard]] std::source_location where() const noexcept { return location_at(where_); }
    [[nodiscard]] std::source_location created_at() const noexcept { return location_at(created_); }
    [[nodiscard]] std::size_t bytes() const noexcept { return header_of(address())->bytes; }
    [[nodiscard]] const generator_frame* delegate() const noexcept;
    [[nodiscard]] const void* address() const noexcept { return handle().address(); }

    // Used by the body of this frame.

    void yielded(void* value) noexcept { root_->value_.store(value, std::memory_order_relaxed); }
    void suspended_at(place where) noexcept { where_ = where; }
    /// What was sent to the `co_yield` that is being resumed; null for nothing. Throws what
    /// `resume_with` brought.
    void* received() {
        if (error_) [[unlikely]]
            raise_injected();
        return in_;
    }
    void failed() noexcept;
    void ended() noexcept {
        set_phase(phase::done);
        if (up_ != nullptr) root_->leaf_ = up_->outer;
    }

    /// Makes the inner generator of `link` the leaf. `link` stays where it is until `undelegate`.
    void delegate_to(delegation& link) noexcept {
        link.outer = this;
        generator_frame* const inner = *link.inner;
        inner->up_ = &link;
        if (inner->created()) [[likely]] {
            inner->set_phase(phase::live);
            inner->root_ = root_;
            root_->leaf_ = inner;
        } else {
            join(inner);
        }
    }
    /// After the inner generator has ended, in the frame of the outer: throws its error, or what
    /// `close()` wants thrown.
    void undelegate(delegation& link) {
        if (error_ || link.closing || (*link.inner)->error_) [[unlikely]]
            undelegate_unusual(link);
        (*link.inner)->up_ = nullptr;
    }
    /// Why `inner` cannot be delegated to, as an exception.
    static void check_delegable(const generator_frame* inner) {
        if (!inner->created() && !inner->ready()) [[unlikely]]
            inner->refuse_to_resume("co_yield from()");
    }

private:
    [[nodiscard]] std::coroutine_handle<> handle() const noexcept {
        return std::coroutine_handle<generator_frame>::from_promise(
            const_cast<generator_frame&>(*this));
    }
    void resume_body() const noexcept { handle().resume(); }
    [[nodiscard]] phase get_phase() const noexcept {
        return phase_.load(std::memory_order_relaxed);
    }
    void set_phase(phase p) noexcept { phase_.store(p, std::memory_order_relaxed); }
    [[nodiscard]] bool contains(const void* object) const noexcept;
    void* settle() noexcept;
    void* settle_closing() noexcept;
    void destroy_chain() noexcept;
    [[noreturn]] void raise_injected();
    void join(generator_frame* inner) noexcept;
    void undelegate_unusual(delegation& link);
    static void detach(delegation& link) noexcept;

    generator_frame* root_ = this;
    std::atomic<void*> value_ = nullptr;
    generator_frame* leaf_ = this;
    void* in_ = nullptr;
    error_slot error_;
    delegation* up_ = nullptr;  // the delegation whose inner this is
    place where_;
    place created_;
    std::atomic<phase> phase_ = phase::created;
};

/// The function's name out of a `source_location` taken in a coroutine's ramp: "count" out of
/// "weft::generator<int> count(int)".
[[nodiscard]] WEFT_EXPORT std::string_view short_function_name(std::source_location where) noexcept;

}  // namespace weft::detail
