#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/join_waiter.hpp"
#include "weft/core/pool_members.hpp"

#include <cstddef>
#include <deque>
#include <utility>

/// The items of a `map` or `imap` that are being worked on.
namespace weft::detail {

WEFT_EXPORT extern const wait_kind map_item_kind;
WEFT_EXPORT extern const wait_kind items_end_kind;

/// Rules:
/// 1. An item is outstanding from its spawn until its result is taken. There are `window` at the
///    most, and the slots of those taken are used again: an endless input needs no more memory.
/// 2. They are given in the order of their spawns, or of their ends.
/// 3. One coroutine at a time waits for the next.
class WEFT_EXPORT group_items {
public:
    enum class order : bool { input, completion };
    class next_awaiter;
    class end_awaiter;

    group_items(order o, std::size_t window);
    group_items(const group_items&) = delete;
    group_items& operator=(const group_items&) = delete;
    /// Cancels what is outstanding.
    ~group_items();

    [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_; }
    [[nodiscard]] bool has_room() const noexcept { return outstanding_ < window_; }
    /// The item number `index` of the input; its coroutine has just been spawned.
    void add(any_handle h, std::size_t index);

    struct taken {
        any_handle handle;
        std::size_t index = 0;
    };
    [[nodiscard]] bool has_next() const noexcept;
    /// REQUIRES: has_next().
    [[nodiscard]] taken take();

    void cancel() noexcept;

private:
    struct item : join_waiter {
        item() noexcept : join_waiter(join_kind) { ended = &note_end; }
        static void note_end(join_waiter& w) noexcept;
        group_items* owner = nullptr;
        any_handle handle;
        std::size_t index = 0;
        item* next_free = nullptr;
    };

    [[nodiscard]] item& slot();
    void note(item& i) noexcept;

    const order order_;
    const std::size_t window_;
    std::size_t outstanding_ = 0;
    std::size_t running_ = 0;
    std::deque<item> slots_;
    item* free_ = nullptr;
    std::deque<item*> queue_;  // to be given in this order; by completion: those that have ended
    waiter* waiting_ = nullptr;
    bool for_all_ = false;  // it waits for the end of all
};

/// Waits until there is a next one. REQUIRES: some are outstanding.
class WEFT_EXPORT group_items::next_awaiter : public awaiter<next_awaiter> {
public:
    explicit next_awaiter(group_items& of) noexcept : awaiter(map_item_kind), items_(of) {}
    [[nodiscard]] bool try_now() const;
    void start() noexcept { items_.waiting_ = this; }
    void give_up() noexcept { items_.waiting_ = nullptr; }
    [[nodiscard]] taken finish() const { return items_.take(); }

private:
    group_items& items_;
};

/// Waits until all have ended, whatever happens meanwhile.
class WEFT_EXPORT group_items::end_awaiter : public waiter {
public:
    explicit end_awaiter(group_items& of) noexcept : waiter(items_end_kind), items_(of) {}
    [[nodiscard]] bool await_ready() const noexcept { return items_.running_ == 0; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise>) noexcept {
        suspend_in(this_scheduler(), *this_scheduler().current());
    }
    void suspend_in(scheduler& home, control_block& b) noexcept {
        block = &b;
        items_.waiting_ = this;
        items_.for_all_ = true;
        home.waits(b, *this);
    }
    void await_resume() const noexcept {}

private:
    group_items& items_;
};

}  // namespace weft::detail
