#include "weft/core/signal_stop.hpp"

#include "weft/core/scheduler.hpp"

#include <utility>

namespace weft::detail {

signal_stop::letter::letter(signal_stop& s) noexcept
    : posted{[](posted& p) noexcept {
                 signal_stop& self = static_cast<letter&>(p).owner;
                 scheduler& home = this_scheduler();
                 if (home.stops().ends) return;
                 self.taken_ = true;
                 home.stops().signal = self.caught_.load();
                 home.stop_all(cancel_origin(cancel_reason::stopped, nullptr, 0));
             },
             nullptr, [](posted&) noexcept {}},
      owner(s) {}

signal_stop::signal_stop() noexcept : letter_(*this) {
    constexpr std::array numbers = {SIGINT, SIGTERM};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i].owner = this;
        nodes_[i].number = numbers[i];
        nodes_[i].caught = [](signal_node& n) noexcept {
            signal_stop& self = *static_cast<node&>(n).owner;
            int none = 0;
            if (!self.caught_.compare_exchange_strong(none, n.number)) return true;
            static_cast<void>(self.to_->post(self.letter_));
            return false;
        };
    }
}

bool signal_stop::attach(std::shared_ptr<inbox> to) {
    to_ = std::move(to);
    bool may_come = false;
    for (node& n : nodes_) may_come |= n.is_added = add_signal(n, signal_role::stopper);
    return may_come;
}

signal_stop::~signal_stop() {
    for (node& n : nodes_)
        if (n.is_added) remove_signal(n, signal_role::stopper);
    if (const int number = caught_.load(); number != 0 && !taken_) ::raise(number);
}

}  // namespace weft::detail
