#include "weft/core/group_items.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

#include <source_location>
#include <utility>

namespace weft::detail {

const wait_kind map_item_kind{
    "the next item of an imap",
    [](waiter& w) noexcept {
        static_cast<group_items::next_awaiter&>(w).give_up();
        this_scheduler().abandon(*w.block);
    },
};
const wait_kind items_end_kind{"the items of a map, which end", nullptr};

group_items::group_items(order o, std::size_t window) : order_(o), window_(window) {
    if (window == 0)
        throw usage_error("imap(): a window of 0 items would never give one: 1 at least");
}

group_items::~group_items() {
    WEFT_CHECK(waiting_ == nullptr, "an imap() was destroyed while a coroutine awaits its next(): "
                                    "let that end first, or cancel it");
    for (item& i : slots_) i.unlink();
    cancel();
}

void group_items::cancel() noexcept {
    for (item& i : slots_)
        if (i.handle && !i.handle.ready()) i.handle.cancel();
}

group_items::item& group_items::slot() {
    if (item* const i = free_) {
        free_ = i->next_free;
        return *i;
    }
    return slots_.emplace_back();
}

void group_items::add(any_handle h, std::size_t index) {
    item& i = slot();
    i.owner = this;
    i.index = index;
    i.handle = std::move(h);
    if (order_ == order::input) queue_.push_back(&i);
    ++outstanding_;
    ++running_;
    if (i.handle.ready())
        note(i);
    else
        i.link(i.handle.block());
}

void group_items::item::note_end(join_waiter& w) noexcept {
    auto& self = static_cast<item&>(w);
    self.owner->note(self);
}

void group_items::note(item& i) noexcept {
    --running_;
    if (order_ == order::completion) queue_.push_back(&i);
    if (waiting_ == nullptr || !(for_all_ ? running_ == 0 : has_next())) return;
    this_scheduler().wake(*std::exchange(waiting_, nullptr)->block);
}

bool group_items::has_next() const noexcept {
    return !queue_.empty() && queue_.front()->handle.block().ended();
}

group_items::taken group_items::take() {
    item& i = *queue_.front();
    queue_.pop_front();
    --outstanding_;
    i.next_free = std::exchange(free_, &i);
    taken t;
    t.handle = std::move(i.handle);
    t.index = i.index;
    return t;
}

bool group_items::next_awaiter::try_now() const {
    if (items_.waiting_ != nullptr)
        throw usage_error("imap(): two coroutines await its next() at once: let one take the items "
                          "and hand them on");
    return items_.has_next();
}

}  // namespace weft::detail
