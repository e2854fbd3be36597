#include "weft/sync/async_result.hpp"

#include "weft/base/counted_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/sync/sync_test.hpp"

#include <memory>
#include <optional>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using weft::async_result;
using weft::await;
using weft::task;

struct out_of_paper : std::runtime_error {
    using std::runtime_error::runtime_error;
};

TEST(async_result, gives_its_value_to_all_who_wait_and_who_come_later) {
    in_both_kinds([](coroutine_kind kind) {
        async_result<int> r;
        const auto gets = [&r] { return r.get(); };
        EXPECT_FALSE(r.ready());
        const auto get_value = [&r]() -> task<int> { co_return co_await r; };
        auto all = spawn_waiting(kind, 3, get_value);
        EXPECT_EQ(r.statistics().waiting(), 3u);
        r.set_value(42);
        EXPECT_TRUE(r.statistics().ready());
        EXPECT_EQ(r.statistics().waiting(), 0u);
        for (const auto& h : all) EXPECT_EQ(await(h), 42);
        EXPECT_EQ(get_as(kind, gets), 42);
        EXPECT_TRUE(r.successful());
        EXPECT_EQ(r.value(), 42);
        EXPECT_EQ(r.error(), nullptr);
    });
}

TEST(async_result, gives_an_error_to_each_with_its_type) {
    in_both_kinds([](coroutine_kind kind) {
        async_result<int> r;
        const auto gets = [&r] { return r.get(); };
        auto all = spawn_waiting(kind, 3, gets);
        r.set_error(out_of_paper("tray 2"));
        for (const auto& h : all)
            EXPECT_EQ(thrown<out_of_paper>([&h] { static_cast<void>(await(h)); }), "tray 2");
        EXPECT_EQ(thrown<out_of_paper>([&] { static_cast<void>(get_as(kind, gets)); }), "tray 2");
        EXPECT_EQ(thrown<out_of_paper>([&r] { static_cast<void>(r.value()); }), "tray 2");
        EXPECT_TRUE(r.ready());
        EXPECT_FALSE(r.successful());
        EXPECT_NE(r.error(), nullptr);
    });
}

TEST(async_result, of_nothing_says_that_it_has_happened) {
    in_both_kinds([](coroutine_kind kind) {
        async_result<void> r;
        auto all = spawn_waiting(kind, 2, [&r] { return r.get(); });
        r.set_value();
        for (const auto& h : all) await(h);
        r.value();
    });
}

TEST(async_result, holds_what_cannot_be_copied_and_copies_nothing) {
    on_every_loop([] {
        async_result<std::unique_ptr<int>> r;
        r.set_value(std::make_unique<int>(7));
        EXPECT_EQ(*await(r.get()), 7);
        using witness = counted<struct in_a_result>;
        witness::reset();
        {
            async_result<witness> one;
            one.set_value(5);
            EXPECT_EQ(await(one.get()).value, 5);
            EXPECT_EQ(witness::now.copies + witness::now.moves, 0);
        }
        EXPECT_EQ(witness::now.live, 0);
    });
}

TEST(async_result, stays_open_when_making_the_value_throws) {
    in_both_kinds([](coroutine_kind kind) {
        using witness = counted<struct that_throws>;
        witness::reset();
        async_result<witness> r;
        auto all = spawn_waiting(kind, 1, [&r]() -> task<int> { co_return (co_await r).value; });
        const witness one(1);
        witness::fail_copy(1);
        EXPECT_EQ(thrown<std::runtime_error>([&] { r.set_value(one); }), "a copy failed");
        EXPECT_FALSE(r.ready());
        r.set_value(one);
        EXPECT_EQ(await(all[0]), 1);
    });
}

TEST(async_result, is_set_once) {
    on_every_loop([] {
        async_result<int> r;
        EXPECT_THAT(refused([&r] { static_cast<void>(r.value()); }), HasSubstr("not ready"));
        EXPECT_THAT(refused([&r] { static_cast<void>(r.error()); }), HasSubstr("not ready"));
        EXPECT_THAT(refused([&r] { r.set_error(std::exception_ptr()); }), HasSubstr("set_value"));
        auto all = spawn_waiting(coroutine_kind::task, 1, [&r] { return r.get(); });
        EXPECT_THAT(refused_elsewhere([&r] { r.set_value(3); }), HasSubstr("another thread"));
        EXPECT_FALSE(r.ready());
        r.set_value(1);
        EXPECT_THAT(refused([&r] { r.set_value(2); }), HasSubstr("set already"));
        EXPECT_THAT(refused([&r] { r.set_error(out_of_paper("")); }), HasSubstr("set already"));
        EXPECT_EQ(await(all[0]), 1);
    });
}

TEST(async_result, reaches_one_who_is_cancelled_after_it_was_set) {
    in_both_kinds([](coroutine_kind kind) {
        async_result<int> r;
        auto all = spawn_waiting(kind, 3, [&r]() -> task<int> { co_return co_await r; });
        all[0].cancel();
        r.set_value(8);
        all[1].cancel();
        await(all[0].join());
        EXPECT_TRUE(all[0].was_cancelled());
        EXPECT_EQ(await(all[1]), 8);
        EXPECT_EQ(await(all[2]), 8);
    });
}

TEST(async_result, can_be_waited_for_under_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        async_result<int> r;
        const auto gets = [&r] { return r.get(); };
        const auto in_time = [&gets] { return weft::with_timeout(1ms, gets); };
        EXPECT_THAT(thrown<weft::timed_out>([&] { static_cast<void>(get_as(kind, in_time)); }),
                    HasSubstr("deadline"));
        r.set_value(1);
        EXPECT_EQ(get_as(kind, in_time), 1);
    });
}

TEST(async_result, destroyed_while_coroutines_wait_tells_them) {
    in_both_kinds([](coroutine_kind kind) {
        auto r = std::make_unique<async_result<int>>();
        const auto gets = [&r] { return r->get(); };
        auto before = spawn_waiting(kind, 2, gets);
        r.reset();
        for (const auto& h : before) {
            await(h.join());
            EXPECT_THAT(failure_of(h), AllOf(HasSubstr("async_result"), HasSubstr("outlive")));
        }
        // Also those who were woken, and have not yet taken the value.
        r = std::make_unique<async_result<int>>();
        auto woken = spawn_waiting(kind, 2, gets);
        r->set_value(1);
        r.reset();
        for (const auto& h : woken) {
            await(h.join());
            EXPECT_THAT(failure_of(h), HasSubstr("async_result"));
        }
    });
}

}  // namespace
