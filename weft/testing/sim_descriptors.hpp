#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/testing/sim_endpoint.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <vector>

namespace weft::testing {

/// The first simulated descriptor: far above what a kernel gives out, so that nobody can mix them.
inline constexpr int sim_descriptor_first = 1 << 28;

/// One open simulated descriptor: what it stands for, and who waits on it.
class sim_descriptor {
public:
    sim_descriptor(int n, std::unique_ptr<sim_endpoint> end) noexcept
        : number(n), endpoint(std::move(end)) {}

    int number;
    std::unique_ptr<sim_endpoint> endpoint;
    /// Whose readiness changes when something is done here; null when it is closed.
    sim_descriptor* peer = nullptr;
    std::array<detail::operation_queue, 2> waiting;
    /// For `sim_descriptors`: it is among the candidates, for each direction.
    std::array<bool, 2> is_candidate{};

    [[nodiscard]] detail::operation_queue& queue(detail::direction way) noexcept {
        return waiting[static_cast<std::size_t>(way)];
    }
};

/// The open descriptors of a simulated world. A number that was closed is given out again, the
/// lowest first, as Linux does: a program that uses a descriptor after closing it finds out.
///
/// It also knows the *candidates*: each descriptor and direction in which somebody waits and need
/// not wait any longer, in the order in which they became so. Invariant: `refresh` was called for
/// each descriptor whose queue or endpoint has changed, and for its peer.
class WEFT_EXPORT sim_descriptors {
public:
    struct candidate {
        sim_descriptor* at;
        detail::direction way;
        friend bool operator==(const candidate&, const candidate&) = default;
    };

    /// Opens two descriptors of which each is the other's peer.
    std::array<int, 2> open_pair(std::array<std::unique_ptr<sim_endpoint>, 2> ends);

    /// Null when it is not open.
    [[nodiscard]] sim_descriptor* find(int number) const noexcept;

    /// Closes it; who waited is appended to `waited`, those for input first.
    void close(sim_descriptor& d, detail::operation_queue& waited);

    void refresh(sim_descriptor* d);

    [[nodiscard]] std::size_t candidate_count() const noexcept { return candidates_.size(); }
    /// Removes the one at `index` and returns it.
    candidate take_candidate(std::size_t index);

private:
    sim_descriptor& open(std::unique_ptr<sim_endpoint> end);

    std::vector<std::unique_ptr<sim_descriptor>> slots_;
    std::set<std::size_t> free_;
    std::deque<candidate> candidates_;
};

}  // namespace weft::testing
