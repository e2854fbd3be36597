#pragma once

#include "weft/core/generator_frame.hpp"

namespace weft::detail {

/// How an item was sent: whether the receiver may move from it.
enum class item_kind : std::uint8_t { lvalue, rvalue };

/// The untyped part of a consumer's promise.
///
/// Invariants:
/// 1. `at_` says where the body is suspended at `co_await receive`: cleared before it
///    is resumed, set when it suspends there again. So it tells "may be sent to", and afterwards
///    "goes on".
/// 2. `in_` is null when the body is resumed to raise `error_`.
/// 3. `error_` of a body that is done is what ended it, until a sender has got it.
/// 4. The frame is destroyed when the body has ended and one handle is left; with more handles, by
///    the last of them.
/// 5. One thread at a time may use a consumer; the relaxed atomics tell a second one so, best
///    effort.
///
/// A frame's handle is found as in `generator_frame`: this class comes first in every promise.
class WEFT_EXPORT consumer_frame : public frame_allocation {
public:
    explicit consumer_frame(place where) noexcept : created_(where) {}
    consumer_frame(const consumer_frame&) = delete;
    consumer_frame& operator=(const consumer_frame&) = delete;

    [[nodiscard]] bool ready() const noexcept {
        return at_.load(std::memory_order_relaxed) != nullptr;
    }
    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_relaxed); }

    /// REQUIRES: `ready()`.
    void resume(void* item) noexcept {
        in_ = item;
        at_.store(nullptr, std::memory_order_relaxed);
        handle().resume();
    }
    void resume(void* item, item_kind kind) noexcept {
        kind_ = kind;
        resume(item);
    }

    // These take the handle's pointer, and clear it when the frame is gone.

    /// After a resume that did not end at `co_await receive`: frees the frame and throws its error.
    static bool settle(consumer_frame*& frame);
    /// A send that finds the consumer not ready: false when it has ended, else throws.
    static bool refuse(consumer_frame*& frame);
    static bool raise(consumer_frame*& frame, std::exception_ptr error);
    static void close(consumer_frame*& frame);
    static void close_unwatched(consumer_frame*& frame) noexcept;
    void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }

    [[nodiscard]] generator_state state() const noexcept {
        if (done()) return generator_state::closed;
        return ready() ? generator_state::suspended : generator_state::running;
    }
    [[nodiscard]] std::source_location where() const noexcept {
        const place at = at_.load(std::memory_order_relaxed);
        return location_at(at != nullptr ? at : created_);
    }
    [[nodiscard]] std::source_location created_at() const noexcept { return location_at(created_); }
    [[nodiscard]] const void* address() const noexcept { return handle().address(); }

    // Used by the body.

    void suspends_at(place where) noexcept { at_.store(where, std::memory_order_relaxed); }
    [[nodiscard]] void* received() {
        if (in_ == nullptr) [[unlikely]]
            raise_injected();
        return in_;
    }
    [[nodiscard]] item_kind kind() const noexcept { return kind_; }
    void failed() noexcept;
    void ended() noexcept { done_.store(true, std::memory_order_relaxed); }

private:
    [[nodiscard]] std::coroutine_handle<> handle() const noexcept {
        return std::coroutine_handle<consumer_frame>::from_promise(
            const_cast<consumer_frame&>(*this));
    }
    [[noreturn]] void raise_injected();
    [[noreturn]] void refuse_running(const char* attempt) const;
    static void release(consumer_frame*& frame) noexcept;
    static bool drop_shared(consumer_frame*& frame) noexcept;

    std::atomic<place> at_ = nullptr;
    std::atomic<bool> done_ = false;
    item_kind kind_ = item_kind::lvalue;
    std::atomic<std::uint32_t> handles_ = 1;
    void* in_ = nullptr;
    error_slot error_;
    place created_;
};

[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_to_share();
[[noreturn, gnu::cold]] WEFT_EXPORT void refuse_moved_consumer();

}  // namespace weft::detail
