#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"
#include "weft/core/watchdog.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>

// The watchdog of a loop that runs: who keeps the thread is named.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using weft::await;
using weft::options;
using weft::spawn;
using weft::task;
using weft::testing::collected_reports;

/// Computes until the watchdog has said so, and ten seconds at most.
void compute_until_reported(const collected_reports& reports) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (reports.count() == 0 && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
}

task<> busy_task(const collected_reports& reports) {
    co_await weft::yield_now();
    compute_until_reported(reports);
}

TEST(watchdog_of_a_loop, reports_a_coroutine_that_computes_by_its_name_and_its_spawn) {
    for (const bool is_task : {true, false}) {
        collected_reports reports;
        weft::run(options().watchdog(2ms).on_slow(reports.for_slow()), [&] {
            auto h = is_task ? spawn(busy_task(reports))
                             : spawn([&] { compute_until_reported(reports); });
            h.name("number cruncher");
            await(h);
        });
        const auto texts = reports.all();
        ASSERT_GE(texts.size(), 1u);
        EXPECT_THAT(texts[0],
                    AllOf(HasSubstr(is_task ? "task 2" : "fiber 2"), HasSubstr("'number cruncher'"),
                          HasSubstr("spawned at watchdog_loop_test.cpp:"),
                          HasSubstr("has kept its thread for"), HasSubstr("yield_now()")));
    }
}

TEST(watchdog_of_a_loop, says_nothing_of_one_that_waits) {
    collected_reports reports;
    weft::run(options().watchdog(1ms).on_slow(reports.for_slow()), [&] {
        for (int i = 0; i < 10; ++i) await(weft::sleep(2ms));
    });
    // A loaded machine may have kept the thread from running: what is reported is then true.
    EXPECT_LE(reports.count(), 3u);
}

TEST(watchdog_of_a_loop, can_be_turned_off) {
    collected_reports quiet;
    collected_reports other;
    weft::run(options().watchdog({}).on_slow(quiet.for_slow()), [&] {
        std::thread([&] {
            weft::run(options().watchdog(1ms).on_slow(other.for_slow()),
                      [&] { compute_until_reported(other); });
        }).join();
    });
    EXPECT_GE(other.count(), 1u);
    EXPECT_THAT(quiet.all(), IsEmpty());
}

}  // namespace
