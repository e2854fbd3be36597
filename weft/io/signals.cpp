#include "weft/io/signals.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/signal_hub.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace weft::detail {

/// Rules:
/// 1. A handler, on any thread, counts and posts the letter unless it is on its way; all else is
///    the loop's thread's.
/// 2. It is gone with the object, or, when the letter is on its way then, with the letter.
class signal_queue {
public:
    /// Throws `usage_error`.
    [[nodiscard]] static signal_queue& make(scheduler& home, std::span<const int> numbers);
    signal_queue(const signal_queue&) = delete;
    signal_queue& operator=(const signal_queue&) = delete;

    /// The object goes.
    void release() noexcept;
    [[nodiscard]] int take() noexcept;
    void push_back(signal_waiter& w) noexcept;
    void remove(signal_waiter& w) noexcept;
    [[nodiscard]] bool has_waiters() const noexcept { return first_ != nullptr; }
    [[nodiscard]] scheduler& home() const noexcept { return home_; }

private:
    struct kind : signal_node {
        signal_queue* owner = nullptr;
        std::atomic<std::uint32_t> pending = 0;
    };
    struct letter : posted {
        explicit letter(signal_queue& q) noexcept;
        signal_queue& owner;
    };

    signal_queue(scheduler& home, const std::vector<int>& numbers);
    ~signal_queue() = default;
    void arrived() noexcept;
    void deliver() noexcept;

    scheduler& home_;
    std::shared_ptr<inbox> mail_;
    std::size_t count_;
    std::unique_ptr<kind[]> kinds_;
    std::size_t added_ = 0;  // of them
    std::size_t turn_ = 0;   // where the next look begins, so that none is starved
    signal_waiter* first_ = nullptr;
    signal_waiter* last_ = nullptr;
    bool is_released_ = false;
    std::atomic<bool> is_posted_ = false;
    letter letter_;
};

signal_queue::letter::letter(signal_queue& q) noexcept
    : posted{[](posted& p) noexcept { static_cast<letter&>(p).owner.arrived(); }, nullptr,
             [](posted& p) noexcept { static_cast<letter&>(p).owner.arrived(); }},
      owner(q) {}

signal_queue::signal_queue(scheduler& home, const std::vector<int>& numbers)
    : home_(home),
      mail_(home.shared_mail()),
      count_(numbers.size()),
      kinds_(std::make_unique<kind[]>(numbers.size())),
      letter_(*this) {
    for (std::size_t i = 0; i < count_; ++i) {
        kinds_[i].owner = this;
        kinds_[i].number = numbers[i];
        kinds_[i].caught = [](signal_node& n) noexcept {
            auto& caught = static_cast<kind&>(n);
            signal_queue& self = *caught.owner;
            caught.pending.fetch_add(1);
            if (!self.is_posted_.exchange(true) && !self.mail_->post(self.letter_))
                self.is_posted_ = false;
            return false;
        };
    }
}

signal_queue& signal_queue::make(scheduler& home, std::span<const int> numbers) {
    if (numbers.empty()) throw usage_error("signals: of none: say which, as in signals({SIGHUP})");
    std::vector<int> each(numbers.begin(), numbers.end());
    std::ranges::sort(each);
    each.erase(std::ranges::unique(each).begin(), each.end());
    auto& made = *new signal_queue(home, each);
    try {
        for (; made.added_ < made.count_; ++made.added_)
            static_cast<void>(add_signal(made.kinds_[made.added_], signal_role::listener));
    } catch (...) {
        made.release();
        throw;
    }
    return made;
}

void signal_queue::release() noexcept {
    WEFT_CHECK(first_ == nullptr, "signals were destroyed while a coroutine awaits them: cancel it "
                                  "and let it end first");
    for (std::size_t i = 0; i < added_; ++i) remove_signal(kinds_[i], signal_role::listener);
    is_released_ = true;
    if (!is_posted_) delete this;
}

void signal_queue::arrived() noexcept {
    // Before the look: what comes after it is posted again.
    is_posted_ = false;
    if (is_released_)
        delete this;
    else
        deliver();
}

void signal_queue::deliver() noexcept {
    while (first_ != nullptr) {
        const int number = take();
        if (number == 0) return;
        signal_waiter& w = *first_;
        remove(w);
        w.number = number;
        home_.wake(*w.block);
    }
}

int signal_queue::take() noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        kind& k = kinds_[turn_];
        if (k.pending.load() != 0) {
            k.pending.fetch_sub(1);
            return k.number;
        }
        turn_ = (turn_ + 1) % count_;
    }
    return 0;
}

void signal_queue::push_back(signal_waiter& w) noexcept {
    ++home_.foreign_waits;
    w.next = nullptr;
    w.prev = last_;
    (last_ != nullptr ? last_->next : first_) = &w;
    last_ = &w;
}

void signal_queue::remove(signal_waiter& w) noexcept {
    --home_.foreign_waits;
    (w.prev != nullptr ? w.prev->next : first_) = w.next;
    (w.next != nullptr ? w.next->prev : last_) = w.prev;
}

const wait_kind signal_wait_kind{
    "a signal",
    [](waiter& w) noexcept {
        auto& self = static_cast<signal_waiter&>(w);
        self.queue->remove(self);
        self.queue->home().abandon(*self.block);
    },
};

int take_signal(signal_queue& q) {
    if (the_scheduler != &q.home())
        throw usage_error("signals: they belong to the loop that they were made on: make another "
                          "object on this one, which gets all of them too");
    return q.has_waiters() ? 0 : q.take();
}

void enlist(signal_waiter& w) noexcept {
    w.queue->push_back(w);
}

}  // namespace weft::detail

namespace weft {

signals::signals(std::span<const int> numbers)
    : queue_(&detail::signal_queue::make(detail::scheduler_for("signals"), numbers)) {}

signals::~signals() {
    queue_->release();
}

}  // namespace weft
