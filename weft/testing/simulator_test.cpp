#include "weft/testing/simulator.hpp"

#include "weft/testing/driver_test.hpp"
#include "weft/testing/seeded_oracle.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <gmock/gmock.h>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using enum weft::operation_code;
using weft::testing::request;
using weft::testing::seeded_oracle;
using weft::testing::seeds;
using weft::testing::simulator;
using weft::testing::world;

TEST(simulator, time_stands_still_until_it_is_parked) {
    simulator sim;
    EXPECT_EQ(sim.now(), simulator::start);
    EXPECT_EQ(sim.now(), simulator::start);
}

TEST(simulator, time_creeps_in_a_park_that_may_not_wait) {
    simulator sim;
    sim.park(weft::clock::time_point::min());
    sim.park(sim.now());
    EXPECT_EQ(sim.now(), simulator::start + std::chrono::microseconds(2));
}

TEST(simulator, years_pass_at_once) {
    simulator sim;
    const auto later = sim.now() + std::chrono::hours(24 * 365 * 100);
    sim.park(later);
    EXPECT_EQ(sim.now(), later);
}

TEST(simulator, a_wake_lets_no_time_pass) {
    simulator sim;
    sim.wake();
    sim.park(sim.now() + 1h);
    EXPECT_EQ(sim.now(), simulator::start);
    sim.park(sim.now() + 1h);
    EXPECT_EQ(sim.now(), simulator::start + 1h);
}

TEST(simulator, a_completion_lets_no_time_pass) {
    simulator sim;
    world world(sim);
    const auto [in, out] = sim.open_pipe();
    request waiter(readable, in);
    world.start(waiter);
    EXPECT_EQ(world.write_some(out, "x"), 1);
    sim.park(sim.now() + 1h);
    EXPECT_EQ(waiter.completions, 1);
    EXPECT_EQ(sim.now(), simulator::start);
}

TEST(simulator, it_is_stuck_when_nothing_can_complete) {
    simulator sim;
    world world(sim);
    EXPECT_TRUE(sim.is_stuck());
    const auto [in, out] = sim.open_pipe();
    request waiter(readable, in);
    world.start(waiter);
    EXPECT_TRUE(sim.is_stuck());
    EXPECT_EQ(sim.pending(), 1u);
    EXPECT_EQ(world.write_some(out, "x"), 1);
    EXPECT_FALSE(sim.is_stuck());
    world.poll();
    EXPECT_TRUE(sim.is_stuck());
    sim.wake();
    EXPECT_FALSE(sim.is_stuck());
    sim.park(weft::clock::never);
    EXPECT_TRUE(sim.is_stuck());
    EXPECT_EQ(sim.pending(), 0u);
}

TEST(simulator, it_waits_for_other_threads_when_nothing_else_can_happen) {
    simulator sim;
    std::atomic<bool> is_set{false};
    std::thread other([&] {
        is_set = true;
        sim.wake();
    });
    while (!is_set) sim.park(weft::clock::never);
    other.join();
    EXPECT_EQ(sim.now(), simulator::start);
}

TEST(simulator, descriptors_of_the_kernel_are_not_open_here) {
    simulator sim;
    world world(sim);
    char byte = 0;
    for (const auto code : {read, write, readable, writable})
        EXPECT_EQ(world.run(code, STDOUT_FILENO, &byte, 1), -EBADF);
    EXPECT_EQ(sim.adopt(STDOUT_FILENO), -EBADF);
    EXPECT_EQ(sim.close(STDOUT_FILENO), -EBADF);
    EXPECT_GE(sim.open_pipe()[0], weft::testing::sim_descriptor_first);
}

TEST(simulator, pipes_have_the_capacity_asked_for) {
    simulator sim;
    world world(sim);
    const auto [in, out] = sim.pipe_capacity(3).open_pipe();
    EXPECT_EQ(world.write_some(out, "abcdef"), 3);
    request blocked(writable, out);
    EXPECT_FALSE(world.start(blocked).done_at_once);
    EXPECT_EQ(world.read_all(in, 1), "a");
    EXPECT_EQ(world.finish(blocked), 0);
}

TEST(simulator, a_completion_is_reported_after_its_latency) {
    simulator sim;
    world world(sim.latency(2ms, 2ms));
    const auto [in, out] = sim.open_pipe();
    request waiter(readable, in);
    world.start(waiter);
    EXPECT_EQ(world.write_some(out, "x"), 1);
    world.poll();
    EXPECT_FALSE(waiter.is_complete());
    EXPECT_FALSE(sim.is_stuck());
    sim.park(sim.now() + 1ms);
    EXPECT_FALSE(waiter.is_complete());
    sim.park(weft::clock::never);
    EXPECT_EQ(waiter.completions, 1);
    EXPECT_EQ(sim.now(), simulator::start + 2ms);
}

TEST(simulator, a_cancellation_that_comes_after_the_bytes_is_too_late) {
    simulator sim;
    world world(sim.latency(2ms, 2ms));
    const auto [in, out] = sim.open_pipe();
    char byte = 0;
    request waiter(read, in, &byte, 1);
    world.start(waiter);
    EXPECT_EQ(world.write_some(out, "x"), 1);
    world.poll();  // performs it
    sim.cancel(waiter);
    EXPECT_EQ(world.finish(waiter), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(waiter.completions, 1);
}

TEST(simulator, a_result_survives_the_closing_of_its_descriptor) {
    simulator sim;
    world world(sim.latency(2ms, 2ms));
    const auto [in, out] = sim.open_pipe();
    char byte = 0;
    request waiter(read, in, &byte, 1);
    world.start(waiter);
    EXPECT_EQ(world.write_some(out, "x"), 1);
    world.poll();
    EXPECT_EQ(sim.close(in), 0);
    EXPECT_EQ(world.finish(waiter), 1);
}

TEST(simulator, without_an_oracle_what_became_possible_first_is_first) {
    simulator sim;
    world world(sim);
    std::vector<std::array<int, 2>> pipes;
    std::vector<std::unique_ptr<request>> waiters;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < 8; ++i) {
        pipes.push_back(sim.open_pipe());
        waiters.push_back(std::make_unique<request>(readable, pipes[i][0]));
        waiters[i]->then = [&order, i] { order.push_back(i); };
        world.start(*waiters[i]);
    }
    for (const std::size_t i : {3u, 1u, 4u, 0u, 5u, 2u, 7u, 6u}) world.write_all(pipes[i][1], "x");
    world.poll();
    EXPECT_THAT(order, ::testing::ElementsAre(3, 1, 4, 0, 5, 2, 7, 6));
}

/// What a small world came to: pairs of pipes, everything pending at once.
class outcome {
public:
    std::string order;
    std::vector<std::int64_t> sizes;
    std::uint64_t hash = 0;
    bool was_pending = false;
    bool was_done = false;
    weft::clock::time_point end;
};

outcome play(std::uint64_t seed) {
    seeded_oracle oracle(seed);
    simulator sim(&oracle);
    world world(sim.latency(1us, 1ms));
    outcome came;
    std::vector<std::array<int, 2>> pipes;
    std::vector<std::unique_ptr<request>> reads;
    std::string bytes(40, 'b');
    for (char name = 'a'; name < 'e'; ++name) {
        pipes.push_back(sim.open_pipe());
        reads.push_back(std::make_unique<request>(read, pipes.back()[0], bytes));
        reads.back()->then = [&came, name] { came.order += name; };
        world.start(*reads.back());
        request sent(write, pipes.back()[1], bytes);
        world.start(sent);
        (sent.done_at_once ? came.was_done : came.was_pending) = true;
        world.finish(sent);
    }
    for (const auto& one : reads) {
        world.finish(*one);
        came.sizes.push_back(one->result);
    }
    came.hash = oracle.trace_hash();
    came.end = sim.now();
    return came;
}

TEST(simulator, the_same_seed_is_the_same_run) {
    for (const std::uint64_t seed : seeds(10)) {
        const outcome one = play(seed);
        const outcome two = play(seed);
        EXPECT_EQ(one.order, two.order);
        EXPECT_EQ(one.sizes, two.sizes);
        EXPECT_EQ(one.hash, two.hash);
        EXPECT_EQ(one.end, two.end);
    }
}

TEST(simulator, seeds_meet_both_paths_short_transfers_and_every_order) {
    std::set<std::string> orders;
    std::set<std::int64_t> sizes;
    bool was_pending = false;
    bool was_done = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const outcome came = play(seed);
        orders.insert(came.order);
        sizes.insert(came.sizes.begin(), came.sizes.end());
        was_pending |= came.was_pending;
        was_done |= came.was_done;
    }
    EXPECT_TRUE(was_pending);
    EXPECT_TRUE(was_done);
    EXPECT_GT(orders.size(), 10u);
    EXPECT_GT(sizes.size(), 30u);
    EXPECT_EQ(*sizes.begin(), 1);
}

TEST(simulator, numbers_are_given_out_again_the_lowest_first) {
    simulator sim;
    const auto first = sim.open_pipe();
    const auto second = sim.open_pipe();
    EXPECT_EQ(sim.close(first[1]), 0);
    EXPECT_EQ(sim.close(first[0]), 0);
    const auto third = sim.open_pipe();
    EXPECT_EQ(third, first);
    EXPECT_EQ(sim.open_pipe()[0], second[1] + 1);
}

TEST(simulator_death, a_simulator_with_pending_operations_is_not_destroyed) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            simulator sim;
            request waiter(readable, sim.open_pipe()[0]);
            static_cast<void>(sim.submit(waiter));
        },
        "cancel them and park");
}

}  // namespace
