#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/retry.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::clock;
using weft::retry;
using weft::retry_policy;
using weft::retry_state;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;

/// Fails until it has been called `good` times.
class moody {
public:
    explicit moody(int good) : good_(good) {}
    int operator()(std::string text) {
        if (++calls < good_) throw std::runtime_error(text + " " + std::to_string(calls));
        return calls;
    }
    int calls = 0;

private:
    int good_;
};
task<int> ask(moody& m) {
    co_await weft::yield_now();
    co_return m("failed");
}
retry_policy quick() {
    return retry_policy().delay(1ms);
}

TEST(retry, gives_the_first_result) {
    in_both_kinds([](coroutine_kind kind) {
        moody m(3);
        const auto began = clock::now();
        EXPECT_EQ(get_as(kind, [&] { return retry(quick().jitter(0), ask, std::ref(m)); }), 3);
        EXPECT_GE(clock::now() - began, 3ms) << "a pause of 1 ms and one of 2 ms";
        moody plain(2);
        EXPECT_EQ(get_as(kind, [&] { return retry(quick(), std::ref(plain), "plain"); }), 2);
    });
}

TEST(retry, throws_the_last_error) {
    on_every_loop([] {
        moody m(9);
        EXPECT_EQ(thrown<std::runtime_error>(
                      [&] { (void)await(retry(quick().attempts(3), ask, std::ref(m))); }),
                  "failed 3");
        EXPECT_EQ(m.calls, 3);
    });
}

TEST(retry, throws_other_errors_at_once) {
    on_every_loop([] {
        moody m(9);
        EXPECT_EQ(thrown<std::runtime_error>([&] {
                      (void)await(retry(quick().only<std::system_error>(), ask, std::ref(m)));
                  }),
                  "failed 1");
        const auto unless_second = [](const std::exception_ptr& e) {
            return weft::describe_exception(e).find('2') == std::string::npos;
        };
        moody again(9);
        EXPECT_EQ(thrown<std::runtime_error>([&] {
                      (void)await(retry(quick().when(unless_second), ask, std::ref(again)));
                  }),
                  "failed 2");
    });
}

TEST(retry, does_not_try_again_what_was_cancelled_or_is_misuse) {
    in_both_kinds([](coroutine_kind kind) {
        int calls = 0;
        const auto wait_for_ever = [&calls]() -> task<> {
            ++calls;
            co_await weft::testing::for_ever();
        };
        auto h = spawn_as(kind, [&] { return retry(quick(), wait_for_ever); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(calls, 1);
        EXPECT_THROW(await(retry(quick(),
                                 [&] {
                                     ++calls;
                                     throw weft::usage_error("wrong");
                                 })),
                     weft::usage_error);
        EXPECT_EQ(calls, 2);
    });
}

TEST(retry, ends_when_its_pause_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        moody m(9);
        auto h = spawn_as(kind, [&] { return retry(retry_policy().delay(1h), ask, std::ref(m)); });
        while (m.calls == 0) await(weft::yield_now());
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(m.calls, 1);
    });
}

std::vector<clock::duration> pauses(const retry_policy& policy) {
    const auto error = std::make_exception_ptr(std::runtime_error("no"));
    std::vector<clock::duration> all;
    for (retry_state state(policy); state.again(error);) all.push_back(state.pause());
    return all;
}

TEST(retry_policy, multiplies_pauses_up_to_the_longest) {
    EXPECT_THAT(pauses(retry_policy().attempts(6).delay(10ms).factor(3).delay_max(100ms).jitter(0)),
                ElementsAre(10ms, 30ms, 90ms, 100ms, 100ms));
    EXPECT_THAT(pauses(retry_policy().attempts(3).delay(0ms)), ElementsAre(0ms, 0ms));
    EXPECT_TRUE(pauses(retry_policy().attempts(1)).empty());
    EXPECT_THAT(thrown<weft::usage_error>([] { retry_policy().attempts(0); }),
                HasSubstr("never be tried"));
}

TEST(retry_policy, leaves_a_share_to_chance_that_a_seed_repeats) {
    const auto seeded = [](std::uint64_t seed) {
        return pauses(retry_policy().attempts(50).delay(100ms).factor(1).jitter(0.25).seed(seed));
    };
    const auto once = seeded(1);
    EXPECT_EQ(once, seeded(1));
    EXPECT_NE(once, seeded(2));
    EXPECT_THAT(once, Each(::testing::AllOf(::testing::Ge(75ms), ::testing::Le(100ms))));
    EXPECT_NE(once[0], once[1]);
    const auto unseeded = retry_policy().attempts(50);
    EXPECT_NE(pauses(unseeded), pauses(unseeded));
}

TEST(retry_policy, asks_the_oracle_of_the_loop) {
    const auto play = [](std::uint64_t seed) {
        weft::testing::seeded_oracle chooses(seed);
        const auto simulated = [&] { return std::make_unique<weft::testing::simulator>(&chooses); };
        std::vector<clock::duration> found;
        weft::run(weft::options().watchdog({}).choices(&chooses).driver(simulated),
                  [&found] { found = pauses(retry_policy().attempts(20)); });
        return found;
    };
    EXPECT_EQ(play(1), play(1));
    EXPECT_NE(play(1), play(2));
}

}  // namespace
