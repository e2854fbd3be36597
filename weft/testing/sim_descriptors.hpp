#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/testing/sim_endpoint.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace weft::testing {

/// The first simulated descriptor: far above what a kernel gives out, so that nobody can mix them.
inline constexpr int sim_descriptor_first = 1 << 28;

/// One open simulated descriptor: what it stands for, and who waits on it.
class sim_descriptor {
public:
    sim_descriptor(int n, std::shared_ptr<sim_endpoint> end) noexcept
        : number(n), endpoint(std::move(end)) {}

    int number;
    std::shared_ptr<sim_endpoint> endpoint;
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
/// each descriptor whose queue has changed, `sim_endpoint::changed` for each changed endpoint.
class WEFT_EXPORT sim_descriptors {
public:
    struct candidate {
        sim_descriptor* at;
        detail::direction way;
        friend bool operator==(const candidate&, const candidate&) = default;
    };

    sim_descriptors() noexcept = default;
    sim_descriptors(const sim_descriptors&) = delete;
    sim_descriptors& operator=(const sim_descriptors&) = delete;
    ~sim_descriptors();

    /// How many may be open at once.
    void limit(std::size_t most) noexcept { limit_ = most; }
    [[nodiscard]] bool has_room(std::size_t count = 1) const noexcept {
        return open_count() + count <= limit_;
    }
    [[nodiscard]] std::size_t open_count() const noexcept { return slots_.size() - free_.size(); }

    /// The number of a new descriptor. REQUIRES: `has_room`.
    int open(std::shared_ptr<sim_endpoint> end);

    /// Null when it is not open.
    [[nodiscard]] sim_descriptor* find(int number) const noexcept;

    /// Closes it; who waited is appended to `waited`, those for input first.
    void close(sim_descriptor& d, detail::operation_queue& waited);

    void refresh(sim_descriptor* d) noexcept;

    [[nodiscard]] std::size_t candidate_count() const noexcept { return candidates_.size(); }
    /// Removes the one at `index` and returns it.
    candidate take_candidate(std::size_t index);

private:
    std::vector<std::unique_ptr<sim_descriptor>> slots_;
    std::set<std::size_t> free_;
    std::deque<candidate> candidates_;
    std::size_t limit_ = SIZE_MAX;
};

}  // namespace weft::testing
