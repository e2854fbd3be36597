#pragma once

#include "weft/base/export.hpp"
#include "weft/core/driver.hpp"
#include "weft/core/operation_queue.hpp"
#include "weft/core/oracle.hpp"
#include "weft/testing/network_options.hpp"
#include "weft/testing/sim_chance.hpp"
#include "weft/testing/sim_descriptors.hpp"
#include "weft/testing/sim_network.hpp"
#include "weft/testing/sim_pipe.hpp"
#include "weft/testing/sim_sockets.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <semaphore.h>
#include <string_view>
#include <vector>

namespace weft::testing {

/// A world in memory, to run a loop in: a clock that jumps, pipes, sockets and a network between
/// them, and every order in which things may happen. A program that sleeps an hour is tested in
/// microseconds, and a failure that shows once in a thousand runs is met again by its seed.
///
/// ```cpp fragment
/// weft::testing::seeded_oracle oracle(7);
/// weft::testing::simulator world(&oracle);
/// world.latency(std::chrono::microseconds(50), std::chrono::milliseconds(2));
/// ```
///
/// Rules:
/// 1. Time stands still while the program runs, but for a microsecond in each `park` that may not
///    wait (so that who polls for something with `yield_now` gets there). `park` moves it: to the
///    next completion that is due, else to the deadline, at once. A `park` without deadline and
///    with nothing that could complete waits, in real time, for `wake`: other threads may exist.
///    `is_stuck` tells before.
/// 2. Its descriptors are its own (from `sim_descriptor_first` up). Those of the kernel are not
///    open here: -EBADF.
/// 3. An operation is performed when it is submitted, if it can be and nobody waits before it; else
///    by a `park`. Without an oracle what became possible first is performed and reported first.
/// 4. With an oracle: what could be done at once may be left to the next `park`; of the pending
///    ones any is performed next; a transfer moves any number of bytes, one at least; any of those
///    due is reported next. A cancellation that finds the operation performed comes too late.
/// 5. With a latency, what was performed by a `park` is reported that much later.
/// 6. While threads compute what somebody waits for (`offload`), time that is waited for passes as
///    slowly as the real one: a timeout of such a call is as long as it says.
/// 7. The same calls, with an oracle that chooses the same, give the same run: nothing depends on
///    the real clock, on addresses or on hashing. (What other threads do is not the same.)
/// 8. Every address is a host of this world, and whoever is bound to all of them (0.0.0.0) is on
///    every host. A socket that connects without an address of its own has that of the other end.
///    Names of AF_UNIX are those of open sockets: there is no file system, so a path goes with its
///    socket and need not be unlinked.
class WEFT_EXPORT simulator final : public driver {
public:
    /// The oracle outlives it; null: always the first, and as much as possible.
    explicit simulator(oracle* chooses = nullptr);
    ~simulator() override;

    /// How long it takes until a performed operation is reported: `min` to `max`, as the oracle
    /// chooses; without one `min`. Zero at first.
    simulator& latency(clock::duration min, clock::duration max) noexcept;
    /// Of pipes opened from now on, in bytes.
    simulator& pipe_capacity(std::size_t bytes) noexcept;

    /// How many descriptors may be open at once: opening or accepting one more is EMFILE.
    simulator& descriptor_limit(std::size_t most) noexcept;

    /// How the network behaves from now on. What `unreachable` names is added to what is.
    simulator& network(const network_options& how);
    /// From now on nothing comes from this host or gets there ("10.0.0.1"): who connects is not
    /// answered, datagrams are lost, what is sent through a connection waits. A sender that waits
    /// longer than Linux tries (924 s) meets ETIMEDOUT; its other end does not learn of it.
    void partition(std::string_view host);
    /// What waited gets through.
    void heal(std::string_view host);
    void heal_all();
    /// Both ends of every connection of TCP meet ECONNRESET.
    void reset_all();

    /// When a simulation begins.
    static constexpr clock::time_point start{std::chrono::hours(1)};

    [[nodiscard]] const char* name() const noexcept override;
    [[nodiscard]] submission submit(operation& op) noexcept override;
    void cancel(operation& op) noexcept override;
    void park(clock::time_point deadline) noexcept override;
    void wake() noexcept override;
    [[nodiscard]] clock::time_point now() noexcept override { return now_; }
    [[nodiscard]] bool is_virtual() const noexcept override { return true; }
    [[nodiscard]] bool is_stuck() const noexcept override;
    void await_real_work(bool begins) noexcept override { begins ? ++real_work_ : --real_work_; }
    [[nodiscard]] std::array<int, 2> open_pipe() override;
    int adopt(int descriptor) noexcept override;
    int close(int descriptor) noexcept override;
    [[nodiscard]] socket_calls& sockets() override { return sockets_; }

    /// How many operations are pending.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_count_; }
    /// How many descriptors are open.
    [[nodiscard]] std::size_t open_count() const noexcept { return descriptors_.open_count(); }

private:
    friend class simulation;

    /// An operation that has its result, and when that is reported.
    struct completion {
        clock::time_point due;
        std::uint64_t number;  ///< of equal times the earlier is the first
        operation* op;
    };
    /// The `result` of an operation that waits.
    static constexpr std::int64_t no_result = INT64_MIN;

    std::int64_t perform(sim_descriptor& d, operation& op) noexcept;
    void perform_all() noexcept;
    void finish(operation& op, std::int64_t result, clock::duration delay) noexcept;
    void let_time_pass(clock::time_point deadline) noexcept;
    void wait_for_wake() noexcept;
    [[nodiscard]] bool wait_for_wake(clock::duration at_most) noexcept;
    void report_due() noexcept;
    void complete(operation& op, std::int64_t result) noexcept;
    clock::duration next_latency() noexcept;
    [[nodiscard]] bool is_due() const noexcept;

    sim_chance chance_;
    clock::time_point now_ = start;
    clock::duration latency_min_{0};
    clock::duration latency_max_{0};
    std::size_t pipe_capacity_ = sim_pipe_capacity_default;

    // In this order: sockets, which the descriptors own, end through the network.
    std::shared_ptr<sim_network> network_;
    sim_descriptors descriptors_;
    sim_sockets sockets_;
    /// A heap: the first is due next.
    std::vector<completion> completions_;
    std::uint64_t completions_made_ = 0;
    std::size_t pending_count_ = 0;
    /// How many functions other threads compute that somebody waits for.
    std::size_t real_work_ = 0;

    // Any thread and any signal handler sets it, and whoever changed it posts; the loop's takes it.
    // The semaphore may be ahead of it, which makes a wait look once more.
    std::atomic<bool> is_woken_{false};
    sem_t woken_{};
};

}  // namespace weft::testing
