#include "weft/testing/sim_descriptors.hpp"

#include <algorithm>
#include <utility>

namespace weft::testing {

using detail::direction;
using detail::operation_queue;

sim_descriptors::~sim_descriptors() {
    // An endpoint that goes tells its other end, which is to find nobody at home.
    for (const auto& slot : slots_)
        if (slot != nullptr) slot->endpoint->homes_.clear();
}

int sim_descriptors::open(std::shared_ptr<sim_endpoint> end) {
    if (free_.empty()) {
        slots_.emplace_back();
        free_.insert(slots_.size() - 1);
    }
    const std::size_t index = *free_.begin();
    const int number = sim_descriptor_first + static_cast<int>(index);
    slots_[index] = std::make_unique<sim_descriptor>(number, std::move(end));
    free_.erase(free_.begin());
    sim_endpoint& opened = *slots_[index]->endpoint;
    opened.table_ = this;
    opened.homes_.push_back(slots_[index].get());
    return number;
}

sim_descriptor* sim_descriptors::find(int number) const noexcept {
    if (number < sim_descriptor_first) return nullptr;
    const auto index = static_cast<std::size_t>(number - sim_descriptor_first);
    return index < slots_.size() ? slots_[index].get() : nullptr;
}

void sim_descriptors::close(sim_descriptor& d, operation_queue& waited) {
    for (operation_queue& queue : d.waiting)
        while (!queue.empty()) waited.push_back(queue.pop_front());
    std::erase_if(candidates_, [&](const candidate& c) { return c.at == &d; });
    std::erase(d.endpoint->homes_, &d);
    const auto index = static_cast<std::size_t>(d.number - sim_descriptor_first);
    // The endpoint goes last: what its end changes elsewhere finds this one closed.
    const std::unique_ptr<sim_descriptor> closed = std::move(slots_[index]);
    free_.insert(index);
}

void sim_descriptors::refresh(sim_descriptor* d) noexcept {
    for (const direction way : {direction::in, direction::out}) {
        const candidate mine{d, way};
        const operation_queue& queue = d->queue(way);
        const bool is_one = !queue.empty() && d->endpoint->can_perform(*queue.front());
        if (is_one == std::exchange(d->is_candidate[static_cast<std::size_t>(way)], is_one))
            continue;
        if (is_one)
            candidates_.push_back(mine);
        else
            std::erase(candidates_, mine);
    }
}

sim_descriptors::candidate sim_descriptors::take_candidate(std::size_t index) {
    const auto at = candidates_.begin() + static_cast<std::ptrdiff_t>(index);
    const candidate taken = *at;
    candidates_.erase(at);
    taken.at->is_candidate[static_cast<std::size_t>(taken.way)] = false;
    return taken;
}

}  // namespace weft::testing
