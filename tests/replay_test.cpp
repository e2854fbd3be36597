// A seed replays a program: the order of everything, its choices and its times.

#include "weft/base/error.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/core/spawn_later.hpp"
#include "weft/core/with_cleanup.hpp"
#include "weft/io/pipe.hpp"
#include "weft/testing/simulation.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ::testing::HasSubstr;
using weft::await;
using weft::scope;
using weft::sleep;
using weft::task;
using weft::testing::simulation;
using namespace std::chrono_literals;

/// WEFT_SEED, until the end of the block.
class seed_in_the_environment {
public:
    explicit seed_in_the_environment(const char* seed) {
        const char* const before = std::getenv(name);
        had_ = before != nullptr;
        if (had_) before_ = before;
        if (seed != nullptr)
            ::setenv(name, seed, 1);
        else
            ::unsetenv(name);
    }
    seed_in_the_environment(const seed_in_the_environment&) = delete;
    seed_in_the_environment& operator=(const seed_in_the_environment&) = delete;
    ~seed_in_the_environment() {
        if (had_)
            ::setenv(name, before_.c_str(), 1);
        else
            ::unsetenv(name);
    }

private:
    static constexpr const char* name = "WEFT_SEED";
    bool had_ = false;
    std::string before_;
};

task<> produce(const weft::pipe& p, int& running, std::string text) {
    for (int i = 0; i < 5; ++i) {
        co_await p.writer.write_all(text);
        co_await sleep(1us);
    }
    if (--running == 0) const_cast<weft::pipe&>(p).writer.close();
}

void consume(const weft::pipe& p, std::string& log) {
    std::array<char, 8> bytes{};
    for (;;) {
        const std::size_t n = await(p.reader.read_some(bytes.data(), bytes.size()));
        if (n == 0) return;
        log.append(bytes.data(), n);
    }
}

/// Pipes, timers, tasks, fibers, scopes, deadlines, cancellations: what it logs depends on the
/// order of everything.
task<std::string> rich() {
    std::string log;
    weft::pipe p;
    int running = 2;
    const auto tick = [&log](char name, weft::clock::duration d) -> task<> {
        for (int i = 0; i < 4; ++i) {
            co_await sleep(d);
            log += name;
        }
    };
    const auto body = [&](scope& s) -> task<> {
        s.spawn(produce, std::cref(p), std::ref(running), std::string("abc"));
        s.spawn(produce, std::cref(p), std::ref(running), std::string("defghijk"));
        s.spawn(consume, std::cref(p), std::ref(log));
        s.spawn(tick, '1', 1ms);
        s.spawn(tick, '2', 1ms);
        s.spawn([&log] {
            for (int i = 0; i < 4; ++i) {
                await(weft::yield_now());
                log += '_';
            }
        });
        auto victim = s.spawn(tick, '!', 1ms);
        s.spawn([victim] {
            await(sleep(2ms));
            victim.cancel();
        });
        try {
            co_await weft::with_timeout(3ms, weft::testing::for_ever);
        } catch (const weft::timed_out&) {
            log += 'T';
        }
    };
    co_await weft::with_scope(body);
    auto later = weft::spawn_later(1ms, [&log] { log += 'L'; });
    co_await later;
    co_return log;
}

struct outcome {
    std::uint64_t hash = 0;
    std::uint64_t choices = 0;
    std::string log;
};

outcome run_rich(std::uint64_t seed) {
    simulation world(seed);
    world.latency(0us, 2ms);
    outcome o;
    o.log = world.run(rich);
    o.hash = world.choices().trace_hash();
    o.choices = world.choices().choices();
    return o;
}

TEST(replay, of_a_seed_is_the_same_run) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const outcome first = run_rich(seed);
        const outcome again = run_rich(seed);
        EXPECT_EQ(first.hash, again.hash) << "seed " << seed;
        EXPECT_EQ(first.choices, again.choices) << "seed " << seed;
        EXPECT_EQ(first.log, again.log) << "seed " << seed;
        EXPECT_GT(first.choices, 50u);
    }
}

TEST(replay, is_the_same_to_the_last_entry_of_the_record) {
    const auto record = [] {
        simulation world(5);
        world.latency(0us, 2ms).choices().record();
        static_cast<void>(world.run(rich));
        return world.choices().trace();
    };
    const auto first = record();
    // What else the process has done makes no difference, nor where its memory lies.
    const std::vector<outcome> others = {run_rich(1), run_rich(2)};
    const std::vector<char> somewhere_else(100'000);
    const auto again = record();
    ASSERT_EQ(first.size(), again.size());
    for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(first[i], again[i]) << "entry " << i;
}

TEST(replay, of_different_seeds_are_different_orders) {
    std::set<std::uint64_t> hashes;
    std::set<std::string> logs;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const outcome o = run_rich(seed);
        hashes.insert(o.hash);
        logs.insert(o.log);
    }
    EXPECT_EQ(hashes.size(), 50u);
    EXPECT_GT(logs.size(), 45u);
}

TEST(replay, loses_nothing_in_any_order) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const outcome o = run_rich(seed);
        const auto count = [&o](std::string_view of) {
            std::size_t n = 0;
            for (const char c : o.log) n += of.find(c) != std::string_view::npos ? 1 : 0;
            return n;
        };
        EXPECT_EQ(count("abcdefghijk"), 55u) << o.log;
        EXPECT_EQ(count("12"), 8u) << o.log;
        EXPECT_EQ(count("_"), 4u) << o.log;
        EXPECT_EQ(count("TL"), 2u) << o.log;
        EXPECT_LE(count("!"), 3u) << o.log;
    }
}

TEST(replay, by_the_environment_runs_that_seed_alone) {
    const seed_in_the_environment seven("7");
    int runs = 0;
    std::string log;
    weft::testing::on_every_loop([&] {
        ++runs;
        log = await(rich());
    });
    EXPECT_EQ(runs, 1);
    simulation world(7);
    world.latency(0us, 2ms);
    EXPECT_EQ(log, world.run([] { return await(rich()); }));
}

TEST(replay, by_the_environment_wants_a_number) {
    const seed_in_the_environment none("seven");
    EXPECT_THROW(static_cast<void>(weft::testing::seeds()), weft::usage_error);
}

TEST(replay, of_a_failure_is_told_how) {
    const seed_in_the_environment unset(nullptr);
    ::testing::internal::CaptureStderr();
    int runs = 0;
    // First the drivers of this machine, then the seeds 1, 2, 3.
    const int fatal = (weft::is_possible(weft::driver_kind::io_uring) ? 2 : 1) + 3;
    weft::testing::on_every_loop([&runs] { ++runs; }, [&] { return runs == fatal; });
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("WEFT_SEED=3"));
    EXPECT_EQ(runs, fatal);
}

TEST(replay, of_an_error_is_told_how) {
    const seed_in_the_environment nine("9");
    ::testing::internal::CaptureStderr();
    EXPECT_THROW(weft::testing::on_every_loop([] { throw std::runtime_error("here"); }),
                 std::runtime_error);
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("WEFT_SEED=9"));
}

}  // namespace
