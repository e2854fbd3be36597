#include "weft/core/as_result.hpp"

#include "weft/core/cancel_scope.hpp"
#include "weft/core/foreign_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/io/pipe.hpp"

#include <cerrno>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace {

using weft::as_result;
using weft::await;
using weft::result;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::for_ever;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

task<std::unique_ptr<int>> number(int n) {
    co_await weft::yield_now();
    if (n < 0) throw std::domain_error("negative");
    co_return std::make_unique<int>(n);
}
task<> nothing_or(std::exception_ptr error) {
    co_await weft::yield_now();
    if (error) std::rethrow_exception(error);
}

template <class T>
std::string text_of(const result<T>& r) {
    try {
        std::rethrow_exception(r.error());
    } catch (const std::exception& e) {
        return e.what();
    }
}

TEST(as_result, of_a_task_is_its_value_or_its_error) {
    in_both_kinds([](coroutine_kind kind) {
        result<std::unique_ptr<int>> good = get_as(kind, [] { return as_result(number(3)); });
        ASSERT_TRUE(good.has_value());
        EXPECT_EQ(**good, 3);
        const auto bad = get_as(kind, [] { return as_result(number(-1)); });
        EXPECT_FALSE(bad);
        EXPECT_EQ(text_of(bad), "negative");
        EXPECT_TRUE(get_as(kind, [] { return as_result(nothing_or(nullptr)); }));
        const auto error = std::make_exception_ptr(std::runtime_error("no"));
        EXPECT_EQ(text_of(get_as(kind, [&] { return as_result(nothing_or(error)); })), "no");
    });
}

TEST(as_result, of_a_join_handle_has_the_errors_of_the_child) {
    in_both_kinds([](coroutine_kind kind) {
        auto failing = weft::spawn(number(-1));
        EXPECT_EQ(text_of(get_as(kind, [&] { return as_result(failing); })), "negative");
        auto cancelled = weft::spawn([] { await(for_ever()); });
        cancelled.cancel();
        EXPECT_FALSE(get_as(kind, [&] { return as_result(cancelled); }));  // child_cancelled
    });
}

task<int> error_of_a_full_circle(weft::pipe& p) {
    char byte = 0;
    // In one expression: what is awaited is referred to.
    const result<std::size_t> end = co_await as_result(p.reader.read_some(&byte, 1));
    EXPECT_TRUE(end);
    EXPECT_EQ(end.value_or(9U), 0U);
    p.reader.close();
    const result<std::size_t> n = co_await as_result(p.reader.read_some(&byte, 1));
    try {
        static_cast<void>(n.value());
    } catch (const std::system_error& e) {
        co_return e.code().value();
    }
    co_return 0;
}

TEST(as_result, of_an_operation_does_not_throw) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        p.writer.close();
        if (kind == coroutine_kind::task) {
            EXPECT_EQ(await(error_of_a_full_circle(p)), EBADF);
            return;
        }
        char byte = 0;
        EXPECT_TRUE(await(as_result(p.reader.read_some(&byte, 1))));
        p.reader.close();
        EXPECT_FALSE(await(as_result(p.reader.read_some(&byte, 1))));
    });
}

task<> read_a_byte(weft::pipe& p, bool& came_back) {
    char byte = 0;
    static_cast<void>(co_await as_result(p.reader.read_some(&byte, 1)));
    came_back = true;
}

TEST(as_result, lets_a_cancellation_pass) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        bool came_back = false;
        auto reader = spawn_as(kind, [&] { return read_a_byte(p, came_back); });
        until_it_waits(reader);
        reader.cancel();
        await(reader.join());
        EXPECT_FALSE(came_back);
        const auto body = []() -> task<> { static_cast<void>(co_await as_result(for_ever())); };
        const auto late = get_as(kind, [&] { return as_result(weft::with_timeout(1ms, body)); });
        EXPECT_THROW(static_cast<void>(late.value()), weft::timed_out);
    });
}

TEST(as_result, of_what_another_library_made) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_FALSE(get_as(kind, [] { return as_result(other::throws_in_resume()); }));
    });
}

}  // namespace
