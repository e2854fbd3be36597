// tidy: allow test-place a fiber is made of spawn, await, fiber_record and fiber_body
#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/await.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"
#include "weft/machine/sanitizer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::join_handle;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::counted;
using weft::testing::on_every_loop;
using weft::testing::thrown;

task<int> answer() {
    co_await yield_now();
    co_return 42;
}

int plain_function(int a, int b) {
    await(yield_now());
    return a - b;
}

struct functor {
    int operator()(int n) const {
        await(yield_now());
        return n + 1;
    }
    int add(int n) const {
        await(yield_now());
        return n + base;
    }
    int base = 10;
};

TEST(fiber, runs_any_callable) {
    on_every_loop([] {
        EXPECT_EQ(await(spawn(plain_function, 5, 3)), 2);
        EXPECT_EQ(await(spawn(&plain_function, 5, 4)), 1);
        EXPECT_EQ(await(spawn(functor(), 1)), 2);
        EXPECT_EQ(await(spawn(&functor::add, functor(), 1)), 11);
        EXPECT_EQ(await(spawn(std::function<int()>([] { return 3; }))), 3);
        auto many = spawn(
            [](int a, int b, int c, int d) { return a * 1000 + b * 100 + c * 10 + d; }, 1, 2, 3, 4);
        EXPECT_EQ(await(many), 1234);
    });
}

TEST(fiber, runs_when_the_caller_waits_and_not_before) {
    on_every_loop([] {
        bool ran = false;
        const auto h = spawn([&] { ran = true; });
        EXPECT_FALSE(ran);
        await(h);
        EXPECT_TRUE(ran);
    });
}

TEST(fiber, keeps_its_callable_and_copies_of_its_arguments) {
    on_every_loop([] {
        join_handle<std::string> h;
        {
            std::string argument(100, 'a');
            std::string captured(100, 'c');
            h = spawn(
                [captured](const std::string& text) {
                    await(sleep(1ms));
                    return text + captured;
                },
                argument);
            std::fill(argument.begin(), argument.end(), 'x');
            std::fill(captured.begin(), captured.end(), 'x');
        }
        EXPECT_EQ(await(h), std::string(100, 'a') + std::string(100, 'c'));
    });
}

struct by_fiber;
using counter = counted<by_fiber>;

TEST(fiber, copies_lvalue_arguments_once_and_moves_the_others) {
    on_every_loop([] {
        counter::reset();
        {
            const counter original(1);
            await(spawn([](const counter& c) { EXPECT_EQ(c.value, 1); }, original));
            EXPECT_EQ(counter::now.copies, 1);
            await(spawn([](counter c) { EXPECT_EQ(c.value, 2); }, counter(2)));
            EXPECT_EQ(counter::now.copies, 1);
            auto pointer = std::make_unique<int>(3);
            EXPECT_EQ(await(spawn([](std::unique_ptr<int> p) { return *p; }, std::move(pointer))),
                      3);
        }
        EXPECT_EQ(counter::now.live, 0);
    });
}

TEST(fiber, gets_a_reference_where_std_ref_says_so) {
    on_every_loop([] {
        int n = 1;
        await(spawn([](int& m) { m = 2; }, std::ref(n)));
        EXPECT_EQ(n, 2);
        await(spawn([](const int& m) { EXPECT_EQ(m, 2); }, std::cref(n)));
    });
}

struct alignas(64) wide {
    explicit wide(int v) : value(v) {}
    int value;
    [[nodiscard]] bool is_aligned() const {
        return reinterpret_cast<std::uintptr_t>(this) % alignof(wide) == 0;
    }
};

TEST(fiber, gives_results_of_every_kind) {
    on_every_loop([] {
        int n = 0;
        await(spawn([&] { n = 1; }));
        EXPECT_EQ(n, 1);
        EXPECT_EQ(*await(spawn([] { return std::make_unique<int>(5); })), 5);
        int& m = await(spawn([&]() -> int& { return n; }));
        EXPECT_EQ(&m, &n);
        auto h = spawn(
            [](const wide& argument) {
                EXPECT_TRUE(argument.is_aligned());
                const wide local(argument.value + 1);
                await(yield_now());
                EXPECT_TRUE(local.is_aligned());
                return local;
            },
            wide(6));
        const wide w = await(h);
        EXPECT_EQ(w.value, 7);
        EXPECT_TRUE(h.value().is_aligned());
    });
}

struct odd_error {
    int code;
};

TEST(fiber, gives_its_error_with_its_type) {
    on_every_loop([] {
        const auto h = spawn([] {
            await(yield_now());
            throw odd_error{7};
        });
        try {
            await(h);
            ADD_FAILURE() << "it threw nothing";
        } catch (const odd_error& e) {
            EXPECT_EQ(e.code, 7);
        }
        EXPECT_EQ(thrown<std::out_of_range>(
                      [] { await(spawn([]() -> int { throw std::out_of_range("far"); })); }),
                  "far");
    });
}

task<int> sum_of(join_handle<int> a, join_handle<int> b) {
    co_return co_await a + co_await b;
}

TEST(fiber, and_tasks_await_each_other) {
    on_every_loop([] {
        auto fiber = spawn([] { return await(answer()) + await(spawn(answer)); });
        auto other = spawn(plain_function, 3, 2);
        EXPECT_EQ(await(sum_of(fiber, other)), 85);
        EXPECT_EQ(await(spawn(sum_of(fiber, other))), 85);
    });
}

TEST(fiber, may_await_an_error_of_a_task_and_go_on) {
    on_every_loop([] {
        const auto fail = []() -> task<int> {
            co_await yield_now();
            throw std::runtime_error("of a task");
        };
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(thrown<std::runtime_error>([&] { await(fail()); }), "of a task");
            EXPECT_EQ(await(answer()), 42);
        }
    });
}

task<std::string> misuse_in_a_task() {
    co_return thrown<weft::usage_error>([] { await(yield_now()); });
}

TEST(await, in_a_task_is_a_usage_error_that_names_co_await) {
    on_every_loop([]() -> task<> {
        const std::string nested = co_await misuse_in_a_task();
        EXPECT_THAT(nested, AllOf(HasSubstr("await(): called in a task"), HasSubstr("co_await")));
        co_await yield_now();  // and nothing is broken
    });
    on_every_loop([] {
        const std::string in_a_task_of_a_fiber = await(misuse_in_a_task());
        EXPECT_THAT(in_a_task_of_a_fiber, HasSubstr("called in a task"));
    });
}

TEST(await, outside_of_a_loop_is_a_usage_error_that_names_run) {
    EXPECT_THAT(thrown<weft::usage_error>([] { await(answer()); }),
                AllOf(HasSubstr("await()"), HasSubstr("no loop"), HasSubstr("weft::run")));
    EXPECT_THAT(thrown<weft::usage_error>([] { await(yield_now()); }), HasSubstr("weft::run"));
}

TEST(await, in_a_callback_is_a_usage_error_that_names_spawn) {
    on_every_loop([] {
        std::string text;
        const auto h = spawn([] {});
        h.link([&](const join_handle<void>&) {
            text = thrown<weft::usage_error>([] { await(yield_now()); });
        });
        while (text.empty()) await(yield_now());
        EXPECT_THAT(text, AllOf(HasSubstr("callback"), HasSubstr("spawn()")));
    });
}

TEST(fiber, there_may_be_ten_thousand_of_them) {
    const auto program = [] {
        std::vector<join_handle<int>> all;
        for (int i = 0; i < 10'000; ++i)
            all.push_back(spawn([i] {
                for (int round = 0; round < 3; ++round) await(yield_now());
                await(sleep(1ms));
                return i;
            }));
        std::int64_t sum = 0;
        for (const auto& h : all) sum += await(h);
        EXPECT_EQ(sum, 49'995'000);
    };
    weft::run(weft::options().watchdog({}), program);
    weft::testing::simulation(1).run(program);
}

TEST(fiber, destroys_its_locals_and_its_callable_when_it_ends) {
    on_every_loop([] {
        counter::reset();
        auto h = spawn(
            [kept = counter(1)](const counter&) {
                const counter local(2);
                await(yield_now());
                EXPECT_EQ(counter::now.live, 3);
            },
            counter(3));
        await(h.join());
        EXPECT_EQ(counter::now.live, 0) << "although a handle is held";
    });
}

TEST(fiber, unwinds_its_locals_when_it_is_cancelled) {
    on_every_loop([] {
        counter::reset();
        auto h = spawn([] {
            const counter local(2);
            await(sleep(24h));
        });
        while (counter::now.live == 0) await(yield_now());
        h.cancel();
        await(h.join());
        EXPECT_EQ(counter::now.live, 0);
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(fiber, awaits_in_a_catch_block_beside_others_that_do) {
    on_every_loop([] {
        const auto body = [](const std::string& name, const std::string& inner) {
            try {
                throw std::runtime_error(name);
            } catch (const std::exception& e) {
                EXPECT_EQ(std::uncaught_exceptions(), 0);
                for (int i = 0; i < 3; ++i) {
                    await(yield_now());
                    try {
                        throw std::out_of_range(inner);
                    } catch (const std::out_of_range& i_threw) {
                        await(answer());
                        EXPECT_EQ(i_threw.what(), inner);
                    }
                    EXPECT_EQ(e.what(), name);
                }
                throw;  // the one of this fiber
            }
        };
        auto a = spawn(body, "a", "inner a");
        auto b = spawn(body, "b", "inner b");
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(a); }), "a");
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(b); }), "b");
    });
}

struct awaits_when_it_is_destroyed {
    explicit awaits_when_it_is_destroyed(std::vector<int>& s) : seen(s) {}
    ~awaits_when_it_is_destroyed() {
        seen.push_back(std::uncaught_exceptions());
        await(sleep(1ms));
        await(answer());
        seen.push_back(std::uncaught_exceptions());
    }
    std::vector<int>& seen;
};

TEST(fiber, keeps_its_own_count_of_uncaught_exceptions_across_awaits) {
    on_every_loop([] {
        std::vector<int> seen;
        auto unwinding = spawn([&] {
            const awaits_when_it_is_destroyed local(seen);
            throw odd_error{1};
        });
        auto calm = spawn([] {
            for (int i = 0; i < 10; ++i) {
                EXPECT_EQ(std::uncaught_exceptions(), 0);
                await(yield_now());
            }
        });
        await(calm);
        EXPECT_THROW(await(unwinding), odd_error);
        EXPECT_THAT(seen, ElementsAre(1, 1));
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
}

int fib(int n) {
    if (n < 2) {
        await(yield_now());
        return n;
    }
    return fib(n - 1) + fib(n - 2);
}

TEST(fiber, awaits_at_any_depth_of_plain_calls_and_of_the_library) {
    on_every_loop([] {
        EXPECT_EQ(fib(10), 55);
        std::vector<int> v{3, 1, 2, 5, 4};
        std::sort(v.begin(), v.end(), [](int a, int b) {
            await(yield_now());
            return a < b;
        });
        EXPECT_THAT(v, ElementsAre(1, 2, 3, 4, 5));
    });
}

weft::generator<int> slow_numbers(int n) {
    for (int i = 0; i < n; ++i) {
        await(sleep(1ms));
        co_yield i + await(answer());
    }
}

weft::consumer<int> slow_sum(int& sum) {
    for (;;) {
        const int n = co_await weft::receive;
        await(yield_now());
        sum += n;
    }
}

TEST(fiber, is_what_a_generator_or_a_consumer_that_it_drives_suspends) {
    on_every_loop([] {
        const auto program = [] {
            int sum = 0;
            weft::consumer<int> into = slow_sum(sum);
            for (const int n : slow_numbers(3)) into.send(n);
            return sum;
        };
        auto a = spawn(program);
        auto b = spawn(program);
        EXPECT_EQ(await(a) + await(b), 2 * (3 * 42 + 3));
    });
}

TEST(fiber, takes_turns_with_others_that_are_ready) {
    std::vector<int> log;
    weft::run(weft::options().watchdog({}), [&] {
        const auto body = [&](int n) {
            for (int i = 0; i < 3; ++i) {
                log.push_back(n);
                await(yield_now());
            }
        };
        auto a = spawn(body, 1);
        auto b = spawn(body, 2);
        await(a);
        await(b);
    });
    EXPECT_THAT(log, ElementsAre(1, 2, 1, 2, 1, 2));
}

TEST(fiber, whose_stack_cannot_be_had_is_not_begun) {
    counter::reset();
    weft::run(weft::options().watchdog({}).stack(std::size_t{1} << 50), []() -> task<> {
        EXPECT_ANY_THROW(spawn([kept = counter(1)] {}).detach());
        co_return;
    });
    EXPECT_EQ(counter::now.live, 0);
}

#if !WEFT_ASAN && !WEFT_TSAN  // they report an overflow themselves
[[gnu::noinline]] int eat_stack(int n) {
    volatile char room[4096];
    std::memset(const_cast<char*>(room), n, sizeof room);
    return n == 0 ? 0 : eat_stack(n - 1) + room[17];
}

TEST(fiber_death, an_overflow_of_its_stack_is_reported_with_its_name) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto overflow = [] {
        weft::run([] {
            auto h = spawn([] {
                await(yield_now());
                return eat_stack(1'000'000);
            });
            h.name("glutton");
            static_cast<void>(await(h));
        });
    };
    EXPECT_DEATH(overflow(), "stack overflow.*fiber 2 'glutton'");
}
#endif

}  // namespace
