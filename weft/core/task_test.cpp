#include "weft/core/task.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/base/error.hpp"
#include "weft/base/small_stack_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/machine/frame_pool.hpp"
#include "weft/machine/sanitizer.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::task;
using weft::testing::captured_unhandled;
using weft::testing::coroutine_kind;
using weft::testing::counted;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::on_small_stack;
using weft::testing::spawn_as;
using weft::testing::thrown;

constexpr int many = WEFT_ASAN || WEFT_TSAN ? 100'000 : 1'000'000;

task<int> answer() {
    co_return 42;
}

task<> add_to(std::vector<std::string>& log, std::string text) {
    log.push_back(text + " begins");
    co_await weft::yield_now();
    log.push_back(text + " ends");
}

TEST(task, does_not_start_until_it_is_awaited) {
    on_every_loop([]() -> task<> {
        std::vector<std::string> log;
        task<> lazy = add_to(log, "lazy");
        co_await weft::yield_now();
        EXPECT_TRUE(log.empty());
        co_await std::move(lazy);
        EXPECT_THAT(log, ElementsAre("lazy begins", "lazy ends"));
    });
}

TEST(task, is_true_until_it_is_awaited_or_moved_from) {
    on_every_loop([]() -> task<> {
        task<int> first = answer();
        EXPECT_TRUE(first);
        task<int> second = std::move(first);
        EXPECT_FALSE(first);
        EXPECT_TRUE(second);
        const int n = co_await std::move(second);
        EXPECT_EQ(n, 42);
        EXPECT_FALSE(second);
    });
}

template <class T>
concept has_operator = requires(T&& x) { static_cast<T&&>(x).operator co_await(); };

TEST(task, is_moved_and_never_copied_and_awaited_as_an_rvalue) {
    static_assert(std::movable<task<int>>);
    static_assert(!std::copy_constructible<task<int>>);
    static_assert(!std::is_copy_assignable_v<task<int>>);
    static_assert(!has_operator<task<int>&>);
    static_assert(has_operator<task<int>>);
    static_assert(std::same_as<weft::await_result<task<int&>>, int&>);
    static_assert(std::same_as<weft::await_result<task<>>, void>);
}

task<std::string> error_of_second_await() {
    task<int> once = answer();
    static_cast<void>(co_await std::move(once));
    std::string text = "nothing was thrown";
    try {
        static_cast<void>(co_await std::move(once));
    } catch (const weft::usage_error& e) {
        text = e.what();
    }
    const int other = co_await answer();
    EXPECT_EQ(other, 42);
    co_return text;
}

TEST(task, refuses_a_second_await_in_a_task) {
    on_every_loop([]() -> task<> {
        const std::string text = co_await error_of_second_await();
        EXPECT_THAT(text, HasSubstr("awaited or spawned once"));
        EXPECT_THAT(text, HasSubstr("call the coroutine again"));
    });
}

TEST(task, refuses_a_second_await_in_a_fiber_and_to_be_spawned_after_one) {
    on_every_loop([] {
        task<int> once = answer();
        EXPECT_EQ(weft::await(std::move(once)), 42);
        EXPECT_THAT(thrown<weft::usage_error>([&] { weft::await(std::move(once)); }),
                    HasSubstr("once"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { weft::spawn(std::move(once)).detach(); }),
                    HasSubstr("once"));
        EXPECT_EQ(weft::await(answer()), 42);
    });
}

task<std::unique_ptr<int>> boxed(int n) {
    co_return std::make_unique<int>(n);
}
task<int&> same(int& n) {
    co_await weft::yield_now();
    co_return n;
}
task<std::string> text_of(const char* text) {
    co_return text;
}

TEST(task, gives_results_that_are_void_values_move_only_or_references) {
    in_both_kinds([](coroutine_kind kind) {
        std::vector<std::string> log;
        get_as(kind, [&] { return add_to(log, "void"); });
        EXPECT_EQ(log.size(), 2u);
        EXPECT_EQ(get_as(kind, [] { return text_of("converted"); }), "converted");
        EXPECT_EQ(*get_as(kind, [] { return boxed(7); }), 7);
        int n = 1;
        int& m = get_as(kind, [&]() { return same(n); });
        EXPECT_EQ(&m, &n);
    });
}

struct alignas(64) wide {
    explicit wide(int v) : value(v) {}
    int value;
    [[nodiscard]] bool is_aligned() const {
        return reinterpret_cast<std::uintptr_t>(this) % alignof(wide) == 0;
    }
};
task<wide> make_wide(int n) {
    co_await weft::yield_now();
    co_return wide(n);
}

TEST(task, gives_results_that_are_aligned_to_a_cache_line) {
    in_both_kinds([](coroutine_kind kind) {
        const wide w = get_as(kind, [] { return make_wide(5); });
        EXPECT_EQ(w.value, 5);
        EXPECT_TRUE(w.is_aligned());
        auto h = weft::spawn(make_wide(6));
        const wide v = weft::await(h);
        EXPECT_EQ(v.value, 6);
        EXPECT_TRUE(h.value().is_aligned());
    });
}

/// Throws when it is moved for the nth time.
struct fragile {
    explicit fragile(int moves) : moves_left(moves) {}
    fragile(fragile&& other) : moves_left(other.moves_left - 1) {
        if (moves_left == 0) throw std::length_error("broke");
    }
    fragile& operator=(fragile&&) = delete;
    int moves_left;
};
task<fragile> make_fragile(int moves) {
    co_return fragile(moves);
}

TEST(task, gives_the_error_of_a_move_of_its_result_at_the_await) {
    in_both_kinds([](coroutine_kind kind) {
        int thrown_ones = 0;
        for (int moves = 1; moves < 10; ++moves) {
            try {
                get_as(kind, [moves] { return make_fragile(moves); });
            } catch (const std::length_error&) {
                ++thrown_ones;
                EXPECT_EQ(thrown_ones, moves) << "each move is the one that throws, in turn";
            }
        }
        EXPECT_GE(thrown_ones, 1);
        EXPECT_LT(thrown_ones, 9);
    });
}

struct odd_error {
    int code;
};
task<> fail_with(int code) {
    co_await weft::yield_now();
    if (code == 0) throw std::out_of_range("zero");
    throw odd_error{code};
}

TEST(task, gives_its_error_with_its_type) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(thrown<std::out_of_range>([&] { get_as(kind, [] { return fail_with(0); }); }),
                  "zero");
        try {
            get_as(kind, [] { return fail_with(5); });
            ADD_FAILURE() << "it threw nothing";
        } catch (const odd_error& e) {
            EXPECT_EQ(e.code, 5);
        }
    });
}

task<int> recover() {
    int caught = 0;
    for (int i = 0; i < 3; ++i) {
        try {
            co_await fail_with(i);
        } catch (const odd_error& e) {
            caught += e.code;
        } catch (const std::out_of_range&) {
            caught += 10;
        }
        co_await weft::yield_now();
    }
    co_return caught;
}

TEST(task, goes_on_after_an_error_that_it_caught) {
    in_both_kinds(
        [](coroutine_kind kind) { EXPECT_EQ(get_as(kind, [] { return recover(); }), 13); });
}

TEST(task, that_nobody_awaits_is_reported_with_its_place) {
    on_every_loop([] {
        const captured_unhandled reports;
        { const task<int> dropped = answer(); }
        EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("task_test.cpp")));
        EXPECT_THAT(reports.all(), ElementsAre(HasSubstr("co_await it")));
    });
}

TEST(task, that_nobody_awaits_because_of_an_error_is_not_reported) {
    const captured_unhandled reports;
    try {
        const task<int> dropped = answer();
        throw odd_error{1};
    } catch (const odd_error&) {}
    EXPECT_THAT(reports.all(), ::testing::IsEmpty());
}

task<int> depth(int n) {
    if (n == 0) co_return 0;
    const int below = co_await depth(n - 1);
    co_return below + 1;
}
task<int> depth_that_suspends(int n) {
    if (n == 0) co_await weft::yield_now();
    if (n == 0) co_return 0;
    const int below = co_await depth_that_suspends(n - 1);
    co_return below + 1;
}

TEST(task, nests_a_million_deep_on_a_small_stack) {
    on_small_stack([] {
        EXPECT_EQ(weft::run(depth(many)), many);
        EXPECT_EQ(weft::run(depth_that_suspends(many)), many);
        EXPECT_EQ(weft::run([] { return weft::await(depth(many)); }), many);
    });
}

task<int> sum_of_children(int n) {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await answer() - 41;
    co_return sum;
}

TEST(task, awaits_a_million_children_one_after_the_other_on_a_small_stack) {
    on_small_stack([] {
        EXPECT_EQ(weft::run(sum_of_children(many)), many);
        EXPECT_EQ(weft::run([] {
                      int sum = 0;
                      for (int i = 0; i < many; ++i) sum += weft::await(answer()) - 41;
                      return sum;
                  }),
                  many);
    });
}

task<> throw_at_the_bottom(int n) {
    if (n == 0) throw std::runtime_error("from the bottom");
    co_await throw_at_the_bottom(n - 1);
}

TEST(task, throws_through_a_deep_chain_on_a_small_stack) {
    on_small_stack([] {
        EXPECT_EQ(thrown<std::runtime_error>([] { weft::run(throw_at_the_bottom(20'000)); }),
                  "from the bottom");
    });
    on_every_loop([]() -> task<> {
        std::string text;
        try {
            co_await throw_at_the_bottom(300);
        } catch (const std::runtime_error& e) {
            text = e.what();
        }
        EXPECT_EQ(text, "from the bottom");
    });
}

struct by_task;
task<counted<by_task>> make_counted(int n) {
    counted<by_task> made(n);
    co_await weft::yield_now();
    co_return made;
}
task<int> take_counted(counted<by_task> by_value) {
    co_await weft::yield_now();
    co_return by_value.value;
}

TEST(task, moves_its_result_and_never_copies_it) {
    in_both_kinds([](coroutine_kind kind) {
        counted<by_task>::reset();
        EXPECT_EQ(get_as(kind, [] { return make_counted(3); }).value, 3);
        EXPECT_EQ(counted<by_task>::now.copies, 0);
        EXPECT_EQ(counted<by_task>::now.live, 0);
    });
}

TEST(task, keeps_its_parameters_until_its_end) {
    in_both_kinds([](coroutine_kind kind) {
        counted<by_task>::reset();
        EXPECT_EQ(get_as(kind, [] { return take_counted(counted<by_task>(4)); }), 4);
        EXPECT_EQ(counted<by_task>::now.copies, 0);
        EXPECT_EQ(counted<by_task>::now.live, 0);
    });
}

TEST(task, has_destroyed_parameters_and_locals_when_it_ends_although_a_handle_is_held) {
    on_every_loop([] {
        counted<by_task>::reset();
        auto a = weft::spawn(take_counted(counted<by_task>(4)));
        auto b = weft::spawn(make_counted(5));
        weft::await(a.join());
        weft::await(b.join());
        EXPECT_EQ(counted<by_task>::now.live, 1) << "the result of b";
        EXPECT_EQ(b.value().value, 5);
        b.detach();
        EXPECT_EQ(counted<by_task>::now.live, 0);
    });
}

TEST(task, destroys_locals_before_parameters_and_both_before_its_awaiter_goes_on) {
    using weft::testing::farewell;
    using log_type = std::vector<std::string>;
    struct program {
        static task<> inner(log_type& log, farewell<log_type> parameter) {
            const farewell<log_type> local(log, "local");
            co_await weft::yield_now();
            static_cast<void>(parameter);
        }
        static task<> outer(log_type& log) {
            task<> t = inner(log, farewell<log_type>(log, "parameter"));
            co_await std::move(t);
            log.emplace_back("awaiter");
        }
    };
    in_both_kinds([](coroutine_kind kind) {
        log_type log;
        get_as(kind, [&] { return program::outer(log); });
        EXPECT_THAT(log, ElementsAre("local", "parameter", "awaiter"));
    });
}

struct throws_at_its_end {
    throws_at_its_end() {}
    ~throws_at_its_end() noexcept(false) { throw std::runtime_error("a destructor threw"); }
};
task<counted<by_task>> result_and_then_error() {
    const throws_at_its_end local;
    co_return counted<by_task>(1);
}

TEST(task, gives_the_error_of_a_local_that_throws_after_the_result) {
    in_both_kinds([](coroutine_kind kind) {
        counted<by_task>::reset();
        EXPECT_EQ(thrown<std::runtime_error>([&] { get_as(kind, &result_and_then_error); }),
                  "a destructor threw");
        EXPECT_EQ(
            thrown<std::runtime_error>([&] { weft::await(weft::spawn(result_and_then_error())); }),
            "a destructor threw");
        EXPECT_EQ(counted<by_task>::now.live, 0);
    });
}

TEST(task, returns_its_frame_to_the_pool) {
    on_every_loop([] {
        const auto before = weft::frame_pool_stats();
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(weft::await(depth(5)), 5);
            EXPECT_EQ(weft::await(weft::spawn(depth(5))), 5);
            try {
                weft::await(fail_with(1));
            } catch (const odd_error&) {}
        }
        const auto after = weft::frame_pool_stats();
        const auto allocated = after.allocated - before.allocated;
        EXPECT_EQ(allocated, after.freed - before.freed);
        EXPECT_EQ(allocated, 100u * (6 + 6 + 1));
    });
}

}  // namespace
