#include "weft/testing/sim_descriptors.hpp"

#include <algorithm>
#include <utility>

namespace weft::testing {

using detail::direction;
using detail::operation_queue;

sim_descriptor& sim_descriptors::open(std::unique_ptr<sim_endpoint> end) {
    if (free_.empty()) {
        slots_.emplace_back();
        free_.insert(slots_.size() - 1);
    }
    const std::size_t index = *free_.begin();
    const int number = sim_descriptor_first + static_cast<int>(index);
    slots_[index] = std::make_unique<sim_descriptor>(number, std::move(end));
    free_.erase(free_.begin());
    return *slots_[index];
}

std::array<int, 2> sim_descriptors::open_pair(std::array<std::unique_ptr<sim_endpoint>, 2> ends) {
    sim_descriptor& one = open(std::move(ends[0]));
    sim_descriptor& two = open(std::move(ends[1]));
    one.peer = &two;
    two.peer = &one;
    return {one.number, two.number};
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
    sim_descriptor* const peer = d.peer;
    const auto index = static_cast<std::size_t>(d.number - sim_descriptor_first);
    slots_[index].reset();
    free_.insert(index);
    if (peer != nullptr) {
        peer->peer = nullptr;
        refresh(peer);
    }
}

void sim_descriptors::refresh(sim_descriptor* d) {
    if (d == nullptr) return;
    for (const direction way : {direction::in, direction::out}) {
        const candidate mine{d, way};
        const bool is_one = !d->queue(way).empty() && d->endpoint->is_ready(way);
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
