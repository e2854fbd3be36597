#include "weft/core/local.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/generator.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/core/spawn_later.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using weft::await;
using weft::local;
using weft::task;
using weft::yield_now;

/// What a coroutine sees, after others ran.
task<int> look(local<int>& x) {
    co_await yield_now();
    co_return x.get();
}
int look_in_fiber(local<int>& x) {
    await(yield_now());
    return x.get();
}
weft::join_handle<int> spawn_look(coroutine_kind kind, local<int>& x) {
    return kind == coroutine_kind::task ? weft::spawn(look, std::ref(x))
                                        : weft::spawn(look_in_fiber, std::ref(x));
}

TEST(local, is_each_coroutines_own) {
    in_both_kinds([](coroutine_kind kind) {
        local<int> x(-1);
        const auto set_and_get = [&x](int n) -> task<int> {
            EXPECT_EQ(x.get(), -1);
            EXPECT_FALSE(x.is_set());
            x.set(n);
            co_await yield_now();
            EXPECT_TRUE(x.is_set());
            co_return x.get();
        };
        std::vector<weft::join_handle<int>> all;
        for (int i = 0; i < 5; ++i)
            all.push_back(spawn_as(kind, [&set_and_get, i] { return set_and_get(i); }));
        for (int i = 0; i < 5; ++i) EXPECT_EQ(await(all[static_cast<std::size_t>(i)]), i);
        EXPECT_EQ(x.get(), -1);
    });
}

TEST(local, is_inherited_at_spawn) {
    in_both_kinds([](coroutine_kind kind) {
        local<int> x;
        EXPECT_EQ(x.get(), 0);
        x.set(1);
        auto child = spawn_look(kind, x);
        x.set(2);  // which the child does not see
        auto second = spawn_look(kind, x);
        EXPECT_EQ(await(child), 1);
        EXPECT_EQ(await(second), 2);
        // Nor the other way round, down to grandchildren.
        const auto set_three = [&x, kind]() -> task<int> {
            EXPECT_EQ(x.get(), 2);
            x.set(3);
            co_return co_await spawn_look(kind, x);
        };
        EXPECT_EQ(get_as(kind, set_three), 3);
        EXPECT_EQ(x.get(), 2);
        x.reset();
        EXPECT_EQ(x.get(), 0);
        EXPECT_FALSE(x.is_set());
        x.reset();
    });
}

TEST(local, is_inherited_by_the_children_of_scopes_and_by_those_that_begin_later) {
    in_both_kinds([](coroutine_kind kind) {
        local<int> x;
        x.set(4);
        weft::join_handle<int> h;
        await(weft::with_scope([&](weft::scope& s) {
            h = kind == coroutine_kind::task ? s.spawn(look, std::ref(x))
                                             : s.spawn(look_in_fiber, std::ref(x));
        }));
        EXPECT_EQ(await(h), 4);
        auto later = weft::spawn_later(1ms, look, std::ref(x));
        x.set(5);
        EXPECT_EQ(await(later), 4);
    });
}

TEST(local, is_shared_with_the_tasks_that_a_coroutine_awaits_and_the_generators_it_drives) {
    in_both_kinds([](coroutine_kind kind) {
        local<int> x;
        const auto child = [&x]() -> task<> {
            EXPECT_EQ(x.get(), 1);
            x.set(2);
            co_await yield_now();
        };
        const auto numbers = [&x]() -> weft::generator<int> {
            co_yield x.get();
            x.set(3);
            co_yield x.get();
        };
        const auto parent = [&]() -> task<> {
            x.set(1);
            co_await child();
            EXPECT_EQ(x.get(), 2);
            int sum = 0;
            for (const int n : numbers()) sum += n;
            EXPECT_EQ(sum, 5);
            EXPECT_EQ(x.get(), 3);
        };
        get_as(kind, parent);
        EXPECT_EQ(x.get(), 0);
    });
}

TEST(local, is_put_back_by_a_guard) {
    in_both_kinds([](coroutine_kind kind) {
        local<std::string> who("nobody");
        weft::join_handle<std::string> child;
        const auto act = [&]() -> task<> {
            {
                const auto as_root = who.scoped("root");
                EXPECT_EQ(who.get(), "root");
                {
                    const auto as_guest = who.scoped("guest");
                    co_await yield_now();
                    EXPECT_EQ(who.get(), "guest");
                    // What is inherited stays with who inherits it.
                    child = weft::spawn([&who] {
                        await(yield_now());
                        return who.get();
                    });
                }
                EXPECT_EQ(who.get(), "root");
            }
            EXPECT_FALSE(who.is_set());
        };
        get_as(kind, act);
        EXPECT_EQ(await(child), "guest");
        who.set("me");
        try {
            const auto as_root = who.scoped("root");
            throw 1;
        } catch (int) {}
        EXPECT_EQ(who.get(), "me");
    });
}

weft::generator<int> scoped_in_generator(local<int>& x) {
    const auto guard = x.scoped(7);
    co_yield x.get();
}

TEST(local, is_left_alone_by_a_guard_that_is_destroyed_elsewhere) {
    in_both_kinds([](coroutine_kind kind) {
        local<int> x;
        std::optional<weft::generator<int>> g(scoped_in_generator(x));
        x.set(1);
        const auto drive = [&]() -> task<> {
            EXPECT_EQ(*g->next(), 7);
            EXPECT_EQ(x.get(), 7);
            co_return;
        };
        get_as(kind, drive);
        g.reset();
        EXPECT_EQ(x.get(), 1);
    });
}

TEST(local, keeps_its_values_as_long_as_somebody_shares_them) {
    in_both_kinds([](coroutine_kind kind) {
        using witness = counted<struct of_locals>;
        witness::reset();
        auto x = std::make_unique<local<witness>>();
        const int unset = witness::now.live;
        EXPECT_EQ(unset, 1);
        weft::join_handle<void> child;
        const auto parent = [&]() -> task<> {
            x->set(witness(1));
            const auto wait = [&x] {
                EXPECT_EQ(x->get().value, 1);
                return sleep_until(weft::clock::never);
            };
            child = spawn_as(kind, wait);
            co_return;
        };
        get_as(kind, parent);
        until_it_waits(child);
        EXPECT_EQ(witness::now.live, unset + 1) << "the child has it";
        EXPECT_EQ(witness::now.copies, 0);
        child.cancel();
        await(child.join());
        EXPECT_EQ(witness::now.live, unset) << "at its end, not with its last handle";
        const auto set_twice = [&x]() -> task<> {
            x->set(witness(1));
            x->set(witness(2));
            EXPECT_EQ(witness::now.live, 2);
            x.reset();  // the variable goes, its values stay until the coroutine ends
            EXPECT_EQ(witness::now.live, 1);
            co_return;
        };
        get_as(kind, set_twice);
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(local, can_be_set_by_the_destructor_of_a_value) {
    in_both_kinds([](coroutine_kind kind) {
        static int ended;
        ended = 0;
        static local<int> last;
        struct goodbye {
            explicit goodbye(int n = 0) : number(n) {}
            goodbye(goodbye&& other) noexcept : number(std::exchange(other.number, 0)) {}
            goodbye& operator=(goodbye&&) = delete;
            ~goodbye() {
                if (number == 0) return;
                last.set(number);
                ended += last.get();
            }
            int number;
        };
        local<goodbye> x;
        const auto body = [&x]() -> task<> {
            x.set(goodbye(1));
            x.set(goodbye(2));
            co_return;
        };
        get_as(kind, body);
        EXPECT_EQ(ended, 3);
    });
}

TEST(local, is_unchanged_when_a_value_cannot_be_made) {
    using witness = counted<struct that_throws>;
    witness::reset();
    {
        local<witness> x;
        const witness one(1);
        x.set(one);
        witness::fail_copy(1);
        EXPECT_THROW(x.set(one), std::runtime_error);
        EXPECT_EQ(x.get().value, 1);
        x.reset();
    }
    EXPECT_EQ(witness::now.live, 0);
}

TEST(local, is_a_threads_own_outside_of_coroutines_and_run_passes_it_on) {
    local<int> x;
    x.set(1);
    std::thread([&x] {
        EXPECT_EQ(x.get(), 0);
        x.set(2);
        EXPECT_EQ(x.get(), 2);
    }).join();
    EXPECT_EQ(x.get(), 1);
    const int seen = weft::run([&x] {
        const int before = x.get();
        x.set(3);
        // A callback of the loop is outside of coroutines.
        int in_callback = 0;
        weft::spawn([] {}).link([&](const auto&) { in_callback = x.get(); });
        until([&] { return in_callback != 0; });
        EXPECT_EQ(in_callback, 1);
        return before;
    });
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(x.get(), 1);
    x.reset();
    EXPECT_EQ(x.get(), 0);
}

other::task<int> look_elsewhere(local<int>& x) {
    int sum = x.get();
    for (int i = 0; i < 3; ++i) {
        co_await yield_now();
        sum += x.get();
    }
    co_return sum;
}

TEST(local, is_seen_by_coroutines_of_other_libraries_that_await) {
    on_every_loop([] {
        local<int> x;
        x.set(5);
        auto one = look_elsewhere(x);
        one.start();
        x.reset();
        until([&one] { return one.done(); });
        EXPECT_EQ(one.result(), 20);
    });
}

TEST(local, of_many_variables_keeps_them_apart) {
    on_every_loop([] {
        std::vector<std::unique_ptr<local<int>>> all;
        for (int i = 0; i < 50; ++i) all.push_back(std::make_unique<local<int>>());
        for (int i = 49; i >= 0; i -= 2) all[static_cast<std::size_t>(i)]->set(i);
        auto child = weft::spawn([&all] {
            for (int i = 0; i < 50; i += 2) all[static_cast<std::size_t>(i)]->set(i);
            int sum = 0;
            for (const auto& x : all) sum += x->get();
            return sum;
        });
        EXPECT_EQ(await(child), 49 * 50 / 2);
        int sum = 0;
        for (const auto& x : all) sum += x->get();
        EXPECT_EQ(sum, 625);
    });
}

}  // namespace
