#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/across.hpp"
#include "weft/pipeline/crossing_wait.hpp"
#include "weft/pipeline/quiet_thread.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <utility>

/// A consumer on another thread.
namespace weft {
namespace detail {

/// The untyped part of a `threaded_link`: the thread, the two counts and the waiting.
///
/// Rules:
/// 1. The sender writes `tail_` when an item is in its slot, the thread `head_` when it is done
///    with one. Each keeps the other's as it last saw it, on a line of cache of its own.
/// 2. `raised_` is the sender's until `raise_` is `asked`, the thread's until it is `answered`.
///    Nothing is sent meanwhile, so it comes after all items sent before.
/// 3. `error_` is the thread's until `ended_`, the last that it does; the sender's afterwards.
class WEFT_EXPORT threaded_base {
public:
    threaded_base(const threaded_base&) = delete;
    threaded_base& operator=(const threaded_base&) = delete;

    [[nodiscard]] bool raise(std::exception_ptr error);
    void close();

    using starter = decltype(&start_quiet_thread);
    static starter start;  // for tests: a thread that cannot be started

protected:
    explicit threaded_base(std::size_t capacity);
    ~threaded_base();

    /// Throws `std::system_error`.
    void begin(void (*work)(void* self), void* self);
    /// For the destructor of the derived class, while all of it is there.
    void end() noexcept;

    // --- the sender

    [[nodiscard]] bool has_room() noexcept {
        if (tail_now_ - head_seen_ < capacity_) [[likely]]
            return true;
        head_seen_ = head_.load(std::memory_order_acquire);
        return tail_now_ - head_seen_ < capacity_;
    }
    /// False when the target has ended.
    [[nodiscard]] bool wait_for_room();
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    /// The end of the target: throws its error, else false.
    [[gnu::cold]] bool finish();
    void sent() noexcept {
        tail_.store(++tail_now_, std::memory_order_release);
        thread_waits_.changed();
    }

    // --- the thread

    enum class command : std::uint8_t { items, raise, close };
    [[nodiscard]] command next() noexcept;
    [[nodiscard]] bool has_item() noexcept {
        if (head_now_ != tail_seen_) [[likely]]
            return true;
        tail_seen_ = tail_.load(std::memory_order_acquire);
        return head_now_ != tail_seen_;
    }
    void taken() noexcept {
        head_.store(++head_now_, std::memory_order_release);
        sender_waits_.changed();
    }
    [[nodiscard]] std::exception_ptr take_raised() noexcept {
        return std::exchange(raised_, nullptr);
    }
    void answer() noexcept;
    void failed() noexcept { error_ = std::current_exception(); }
    void all_done() noexcept;

    const std::size_t capacity_;
    const std::size_t mask_;

    // The sender's.
    alignas(64) std::atomic<std::uint64_t> tail_ = 0;
    std::uint64_t tail_now_ = 0;
    std::uint64_t head_seen_ = 0;
    // The thread's.
    alignas(64) std::atomic<std::uint64_t> head_ = 0;
    std::uint64_t head_now_ = 0;
    std::uint64_t tail_seen_ = 0;

private:
    enum class raising : std::uint8_t { none, asked, answered };
    void join();

    // Both read these all the time; they are seldom written.
    alignas(64) std::atomic<bool> ended_ = false;
    std::atomic<bool> closed_ = false;
    std::atomic<raising> raise_ = raising::none;
    crossing_wait thread_waits_;
    alignas(64) crossing_wait sender_waits_;
    std::exception_ptr raised_;
    std::exception_ptr error_;
    std::thread thread_;
};

/// A queue to a target that runs on a thread of its own.
template <class T>
class threaded_link : public threaded_base {
    using item_type = carried<T>;
    static constexpr bool is_text = !std::is_same_v<item_type, std::remove_cvref_t<T>>;

public:
    threaded_link(std::size_t capacity, consumer<T> target)
        : threaded_base(capacity),
          target_(std::move(target)),
          slots_(std::make_unique_for_overwrite<slot[]>(mask_ + 1)) {
        begin([](void* self) { static_cast<threaded_link*>(self)->work(); }, this);
    }
    threaded_link(const threaded_link&) = delete;
    threaded_link& operator=(const threaded_link&) = delete;
    ~threaded_link() {
        end();
        while (has_item()) {  // The target ended before it had taken them.
            at(head_now_).drop();
            ++head_now_;
        }
    }

    [[nodiscard]] bool send(std::remove_reference_t<T>& item) {
        return send_kept(static_cast<T&&>(item));
    }
    [[nodiscard]] bool send(std::remove_reference_t<T>&& item)
        requires(!std::is_lvalue_reference_v<T>)
    {
        return send_kept(std::move(item));
    }

private:
    /// Text keeps its memory for the next one.
    class text_slot {
    public:
        void put(std::string_view text) { item_ = text; }
        [[nodiscard]] std::string& get() noexcept { return item_; }
        void drop() noexcept {
            constexpr std::size_t kept_bytes = 4096;
            if (item_.capacity() > kept_bytes) item_ = std::string();
        }

    private:
        std::string item_;
    };
    class item_slot {
    public:
        template <class U>
        void put(U&& item) {
            ::new (static_cast<void*>(bytes_)) item_type(std::forward<U>(item));
        }
        [[nodiscard]] item_type& get() noexcept {
            return *std::launder(reinterpret_cast<item_type*>(bytes_));
        }
        void drop() noexcept { get().~item_type(); }

    private:
        alignas(item_type) std::byte bytes_[sizeof(item_type)];
    };
    using slot = std::conditional_t<is_text, text_slot, item_slot>;

    [[nodiscard]] slot& at(std::uint64_t n) noexcept { return slots_[n & mask_]; }

    template <class U>
    bool send_kept(U&& item) {
        if (ended()) [[unlikely]]
            return finish();
        if (!has_room() && !wait_for_room()) [[unlikely]]
            return finish();
        at(tail_now_).put(std::forward<U>(item));
        sent();
        return true;
    }

    void work() noexcept {
        try {
            while (serve()) {}
            consumer<T> gone(std::move(target_));
        } catch (...) {
            failed();
        }
        all_done();
    }
    /// False when the target has ended, or was closed.
    bool serve() {
        switch (next()) {
            case command::items:
                while (has_item())
                    if (!hand_over()) return false;
                return true;
            case command::raise:
                if (!target_.throw_(take_raised())) return false;
                answer();
                return true;
            case command::close: target_.close(); return false;
        }
        return false;
    }
    bool hand_over() {
        const done_with item(*this);
        return send_carried(target_, item.get());
    }
    /// An item that failed was taken all the same.
    class done_with {
    public:
        explicit done_with(threaded_link& link) noexcept : link_(link) {}
        done_with(const done_with&) = delete;
        done_with& operator=(const done_with&) = delete;
        ~done_with() {
            link_.at(link_.head_now_).drop();
            link_.taken();
        }
        [[nodiscard]] item_type& get() const noexcept { return link_.at(link_.head_now_).get(); }

    private:
        threaded_link& link_;
    };

    consumer<T> target_;
    std::unique_ptr<slot[]> slots_;
};

}  // namespace detail

/// How many items `threaded(target)` buffers.
inline constexpr std::size_t threaded_capacity = 1024;

/// The same consumer on a thread of its own: what is sent to the one that is returned, the target
/// gets there, in order. At most `capacity` items are between the two.
///
/// ```cpp
/// void search_here_and_print_there(const std::string& path) {
///     weft::lines(path) | weft::grep("error") | weft::threaded(weft::print_to(1));
/// }
/// ```
///
/// - `send` returns when the item is in the buffer. While that is full it suspends the fiber that
///   runs, also when a consumer or a generator sends that the fiber drives; elsewhere it blocks the
///   thread. So a task that sends more than fits stops its loop for that time: send in a fiber. A
///   fiber that is cancelled while it waits raises `cancelled`; the item is not sent then, and the
///   consumer ends as by `close()`.
/// - Nothing is held back: the thread takes an item as soon as it is there.
/// - `close()`, and the destructor, return when the target has taken everything, was closed, and
///   the thread has ended. `throw_` returns when the target has handled it. Both wait as `send`
///   does, but are not cancelled.
/// - The target's error is thrown by the next `send`, `throw_` or `close()`. When it has ended,
///   `send` is false, and what it had not taken is gone.
/// - A `string_view` crosses as text, a reference as a copy.
///
/// Throws `std::system_error` when no thread can be started, `usage_error` for a capacity of 0; the
/// target is closed then. The thread runs no loop and has all signals blocked. Thread rule: as any
/// consumer, one thread at a time.
template <class T>
[[nodiscard]] consumer<T> threaded(std::size_t capacity, consumer<T> target) {
    static_assert(std::constructible_from<detail::carried<T>, T>,
                  "threaded(): the items must be movable, those of a consumer<T&> copyable");
    return detail::send_across<T>(
        std::make_unique<detail::threaded_link<T>>(capacity, std::move(target)));
}
template <class T>
[[nodiscard]] consumer<T> threaded(consumer<T> target) {
    return threaded(threaded_capacity, std::move(target));
}

}  // namespace weft
