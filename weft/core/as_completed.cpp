#include "weft/core/as_completed.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

#include <utility>

namespace weft::detail {

const wait_kind completed_kind{
    "the next end of other coroutines",
    [](waiter& w) noexcept {
        static_cast<completion_queue::next_awaiter&>(w).give_up();
        this_scheduler().abandon(*w.block);
    },
};

completion_queue::completion_queue(std::vector<any_handle> handles)
    : handles_(std::move(handles)), watchers_(std::make_unique<watcher[]>(handles_.size())) {
    finished_.reserve(handles_.size());
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        control_block& b = handles_[i].block();
        watchers_[i].owner = this;
        watchers_[i].index = i;
        if (b.ended()) finished_.push_back(i);
    }
    for (std::size_t i = 0; i < handles_.size(); ++i)
        if (!handles_[i].block().ended()) watchers_[i].link(handles_[i].block());
}

completion_queue::~completion_queue() {
    WEFT_CHECK(waiting_ == nullptr, "an as_completed() was destroyed while a coroutine awaits its "
                                    "next(): let that end first, or cancel it");
    for (std::size_t i = 0; i < handles_.size(); ++i) watchers_[i].unlink();
}

void completion_queue::watcher::note_end(join_waiter& w) noexcept {
    auto& self = static_cast<watcher&>(w);
    completion_queue& queue = *self.owner;
    queue.finished_.push_back(self.index);
    if (next_awaiter* const waits = std::exchange(queue.waiting_, nullptr))
        this_scheduler().wake(*waits->block);
}

bool completion_queue::next_awaiter::try_now() const {
    if (queue_.waiting_ != nullptr)
        throw usage_error("as_completed(): two coroutines await its next() at once: let one take "
                          "them, or give each its own as_completed()");
    return queue_.has_next() || queue_.left() == 0;
}

any_handle completion_queue::next_awaiter::finish() const {
    return queue_.has_next() ? queue_.take() : any_handle();
}

}  // namespace weft::detail
