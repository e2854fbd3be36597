#include "weft/core/wait_handles.hpp"

#include "weft/core/awaiter.hpp"

#include <algorithm>
#include <utility>

namespace weft::detail {

struct handles_kind_access {
    static void give_up(waiter& w) noexcept {
        auto& self = static_cast<handles_awaiter_base&>(w);
        self.unlink();
        this_scheduler().abandon(*w.block);
    }
    static void expired(waiter& w) noexcept {
        auto& self = static_cast<handles_awaiter_base&>(w);
        self.timed_out_ = true;
        self.unlink();
        this_scheduler().wake(*w.block);
    }
};

const wait_kind handles_kind{"the end of other coroutines", &handles_kind_access::give_up,
                             &handles_kind_access::expired};

handles_awaiter_base::handles_awaiter_base(std::vector<any_handle> handles, std::size_t count,
                                           bool until_error, clock::duration timeout)
    : timer(handles_kind),
      handles_(std::move(handles)),
      count_(std::min(count, handles_.size())),
      until_error_(until_error),
      timeout_(timeout),
      watchers_(std::make_unique<watcher[]>(handles_.size())) {
    for (const any_handle& h : handles_) static_cast<void>(h.block());
    finished_.reserve(handles_.size());
}

handles_awaiter_base::~handles_awaiter_base() = default;

bool handles_awaiter_base::try_now() {
    finished_.clear();
    failed_ = nullptr;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        if (&handles_[i].block() == this_scheduler().current()) [[unlikely]]
            refuse_to_join_self();
        if (handles_[i].ready()) note(i);
    }
    return over() || timeout_ <= clock::duration::zero();
}

void handles_awaiter_base::start() noexcept {
    linked_ = true;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        if (handles_[i].block().ended()) continue;
        watchers_[i].owner = this;
        watchers_[i].index = i;
        watchers_[i].link(handles_[i].block());
    }
    scheduler& home = this_scheduler();
    if (timeout_ != no_timeout)
        home.timers().start(*this, saturating_add(home.world().now(), timeout_));
}

void handles_awaiter_base::watcher::note_end(join_waiter& w) noexcept {
    auto& self = static_cast<watcher&>(w);
    handles_awaiter_base& all = *self.owner;
    all.note(self.index);
    if (!all.over()) return;
    all.unlink();
    this_scheduler().wake(*all.block);
}

void handles_awaiter_base::note(std::size_t index) noexcept {
    finished_.push_back(index);
    control_block& b = handles_[index].block();
    if (failed_ == nullptr && b.state == block_state::failed) failed_ = &b;
}

void handles_awaiter_base::unlink() noexcept {
    if (!std::exchange(linked_, false)) return;
    for (std::size_t i = 0; i < handles_.size(); ++i) watchers_[i].unlink();
    this_scheduler().timers().cancel(*this);
}

}  // namespace weft::detail
