#include "weft/core/kinds_test.hpp"
#include "weft/pipeline/fan_out.hpp"
#include "weft/pipeline/forked.hpp"
#include "weft/pipeline/parallel_map.hpp"
#include "weft/pipeline/sinks.hpp"
#include "weft/pipeline/stages.hpp"
#include "weft/pipeline/threaded.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <map>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace weft;
using namespace weft::testing;

std::vector<int> numbers(int n) {
    std::vector<int> all;
    for (int i = 0; i < n; ++i) all.push_back(i);
    return all;
}

using by_key = std::map<int, std::vector<int>>;
int key_of(int n) {
    return n % 7;
}
consumer<int> sorted_by_key(by_key& all, int& closes) {
    try {
        for (;;) {
            const int item = co_await receive;
            all[key_of(item)].push_back(item);
        }
    } catch (const generator_exit&) {
        ++closes;
    }
}

TEST(fan_out, one_key_goes_to_one_target_in_order_and_all_are_closed) {
    for (const bool is_threaded : {false, true}) {
        std::array<by_key, 3> got;
        int closes = 0;
        std::array<int, 3> closed{};
        numbers(7'000) | fan_out(3, key_of, [&](std::size_t i) {
            auto target = sorted_by_key(got[i], closed[i]);
            return is_threaded ? threaded(16, std::move(target)) : std::move(target);
        });
        by_key all;
        std::size_t used = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            closes += closed[i];
            used += got[i].empty() ? 0 : 1;
            for (auto& [key, items] : got[i]) {
                EXPECT_EQ(all.count(key), 0U) << "key " << key << " went to two targets";
                all[key] = items;
            }
        }
        EXPECT_EQ(closes, 3);
        EXPECT_GE(used, 2U);
        ASSERT_EQ(all.size(), 7U);
        for (const auto& [key, items] : all) {
            ASSERT_EQ(items.size(), 1000U);
            for (int i = 0; i < 1000; ++i)
                ASSERT_EQ(items[static_cast<std::size_t>(i)], 7 * i + key);
        }
    }
}

TEST(fan_out, reaches_processes) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    numbers(1'000) | fan_out(3, key_of, [&] {
        return forked([out = ends[1]] {
            return for_each([out](int n) {
                // Fewer than PIPE_BUF bytes are written in one piece.
                EXPECT_EQ(::write(out, &n, sizeof n), ssize_t{sizeof n});
            });
        });
    });
    ::close(ends[1]);
    std::map<int, int> next;
    int count = 0;
    for (int n = 0; ::read(ends[0], &n, sizeof n) == sizeof n; ++count) {
        int& wanted = next.try_emplace(key_of(n), key_of(n)).first->second;
        EXPECT_EQ(n, wanted);
        wanted = n + 7;
    }
    ::close(ends[0]);
    EXPECT_EQ(count, 1'000);
}

TEST(fan_out, an_error_closes_the_other_targets_and_an_end_ends_it) {
    by_key all;
    int closes = 0;
    const auto make = [&](std::size_t i) {
        return i == 0 ? sorted_by_key(all, closes)
                      : for_each([](int) { throw std::range_error("one of them"); });
    };
    EXPECT_THROW(numbers(100) | fan_out(2, key_of, make), std::range_error);
    EXPECT_EQ(closes, 1);

    auto ending = fan_out(2, key_of, [&] { return take(2) | sorted_by_key(all, closes); });
    int sent = 0;
    while (ending.send(sent)) ++sent;
    EXPECT_GE(sent, 1);
    EXPECT_EQ(closes, 3);

    auto raising = fan_out(2, key_of, [&] { return sorted_by_key(all, closes); });
    EXPECT_THROW(raising.throw_(std::logic_error("for all")), std::logic_error);
    EXPECT_THROW(fan_out(std::vector<consumer<int>>(), key_of).send(1), usage_error);
}

/// Of uneven length.
std::string spelled(int n) {
    for (int i = 0; i < n % 5; ++i) std::this_thread::yield();
    if (n == 77'777) throw std::domain_error("77,777");
    return std::string(static_cast<std::size_t>(n % 300), 'x') + std::to_string(n);
}

/// Pulls, and pushes; `in` is `parallel_map` as it is, or in processes.
template <class In>
void expect_order(In in) {
    int n = 0;
    for (const std::string& text : numbers(3'000) | in()) ASSERT_EQ(text, spelled(n++));
    EXPECT_EQ(n, 3'000);
    std::vector<std::string> all;
    auto sink = in() | append_to(all);
    for (int i = 0; i < 500; ++i) sink.send(i);
    sink.close();
    ASSERT_EQ(all.size(), 500U);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(all[static_cast<std::size_t>(i)], spelled(i));
}

TEST(parallel_map, gives_the_results_in_the_order_of_the_items) {
    expect_order([] { return parallel_map(3, spelled); });
    expect_order([] { return parallel_map(2, spelled).in_processes(); });
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(parallel_map, an_error_comes_in_the_place_of_its_result) {
    const std::vector<int> items{1, 2, 77'777, 4, 5};
    std::vector<std::string> got;
    const auto all_of = [&](auto stage) {
        got.clear();
        for (std::string text : items | std::move(stage)) got.push_back(std::move(text));
    };
    EXPECT_THROW(all_of(parallel_map(2, spelled)), std::domain_error);
    EXPECT_EQ(got.size(), 2U);
    EXPECT_THROW(all_of(parallel_map(2, spelled).in_processes()), forked_error);
    EXPECT_THROW(
        all_of(parallel_map(2, [](int) -> int { return ::raise(SIGKILL); }).in_processes() |
               transform<int>([](int n) { return std::to_string(n); })),
        forked_error);
    EXPECT_THROW(all_of(parallel_map(0, spelled)), usage_error);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(parallel_map, what_is_larger_than_a_buffer_does_not_lock_it) {
    const auto doubled = [](std::string text) { return text + text; };
    const std::vector<std::string> items{std::string(700'000, 'a'), "b", std::string(600'000, 'c'),
                                         std::string(300'000, 'd'), "e"};
    std::size_t n = 0;
    for (const std::string& text : items | parallel_map(2, doubled).in_processes()) {
        EXPECT_TRUE(text == items[n] + items[n]) << n;
        ++n;
    }
    EXPECT_EQ(n, items.size());
}

TEST(parallel_map, has_no_more_under_way_than_its_window) {
    std::atomic<int> begun = 0;
    int handed_on = 0;
    const auto counted = [&](int n) {
        ++begun;
        return n;
    };
    for (const int n : numbers(1'000) | parallel_map(2, counted).window(2)) {
        EXPECT_EQ(n, handed_on++);
        EXPECT_LE(begun, handed_on + 4);
    }
    // Whoever loses interest waits for what has begun, and no longer.
    for (const int n : numbers(1'000) | parallel_map(2, counted))
        if (n == 10) break;
    EXPECT_LT(begun, 1'100);
}

TEST(parallel_map, a_fiber_that_waits_is_suspended) {
    on_every_loop([] {
        std::atomic<bool> gate = false;
        int got = 0;
        auto puller = spawn([&] {
            for (const int n : numbers(50) | parallel_map(2, [&](int k) {
                                   while (!gate) std::this_thread::yield();
                                   return k;
                               }))
                EXPECT_EQ(n, got++);
        });
        until_it_waits(puller);
        EXPECT_EQ(got, 0);
        gate = true;
        await(puller);
        EXPECT_EQ(got, 50);
    });
}

}  // namespace
