#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/remote_handle.hpp"
#include "weft/core/run.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::remote_handle;
using weft::remote_loop;
using weft::spawn_on;
using weft::task;
using weft::testing::for_ever;
using weft::testing::thrown;

/// A loop on a thread of its own, which waits for what others give it until this goes.
class loop_thread {
public:
    loop_thread() {
        std::latch begun(1);
        thread_ = std::thread([&] {
            mine_.run([&] {
                home_.emplace(weft::loop::current().remote());
                begun.count_down();
                try {
                    await(for_ever());
                } catch (const weft::cancelled&) {}
            });
            mine_.close();
        });
        begun.wait();
    }
    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;
    ~loop_thread() { stop(); }
    void stop() {
        if (!thread_.joinable()) return;
        home_->post([this] { mine_.stop(); });
        thread_.join();
    }
    [[nodiscard]] const remote_loop& home() const { return *home_; }

private:
    weft::loop mine_{weft::options().watchdog({})};
    std::optional<remote_loop> home_;
    std::thread thread_;
};

task<int> answer(int n) {
    co_await weft::yield_now();
    co_return n;
}

TEST(remote_handle, gives_a_thread_the_result_of_a_coroutine_of_a_loop) {
    loop_thread other;
    EXPECT_EQ(spawn_on(other.home(), answer, 42).blocking_get(), 42);
    const auto in_fiber = spawn_on(other.home(), [] {
        await(weft::sleep(1us));
        return std::string("from a fiber");
    });
    EXPECT_EQ(in_fiber.blocking_get(), "from a fiber");
    EXPECT_EQ(in_fiber.blocking_get(), "from a fiber");
    EXPECT_TRUE(in_fiber.ready());
    const auto owned =
        spawn_on(other.home(), [](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(5));
    EXPECT_EQ(*owned.blocking_get(), 5);
    EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(owned.blocking_get()); }),
                HasSubstr("moved out already"));
    spawn_on(other.home(), [] {}).blocking_get();
}

TEST(remote_handle, is_awaited_by_coroutines_of_other_loops) {
    loop_thread other;
    weft::run([&] {
        const auto a = spawn_on(other.home(), answer, 1);
        const auto in_task = weft::spawn([&]() -> task<int> { co_return co_await a; });
        EXPECT_EQ(await(a), 1);
        EXPECT_EQ(await(in_task), 1);
        const auto b = spawn_on(other.home(), []() -> int { throw std::runtime_error("lost"); });
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(b.get()); }), "lost");
        await(b.join());
        EXPECT_THROW(b.blocking_join(), weft::usage_error);
    });
}

TEST(remote_handle, cancels_across_threads) {
    loop_thread other;
    std::latch begun(1);
    const auto h = spawn_on(other.home(), [&begun] {
        begun.count_down();
        await(for_ever());
    });
    begun.wait();
    h.cancel();
    h.cancel();
    EXPECT_THAT(thrown<weft::child_cancelled>([&] { h.blocking_get(); }),
                HasSubstr("cancelled at remote_handle_test.cpp:"));
    h.cancel();
}

TEST(remote_handle, whose_wait_is_cancelled_leaves_the_coroutine_alone) {
    loop_thread other;
    std::atomic<bool> go = false;
    const auto h = spawn_on(other.home(), [&go] {
        while (!go) await(weft::sleep(10us));
        return 3;
    });
    weft::run([&] {
        EXPECT_THROW(await(weft::with_timeout(1ms, h)), weft::timed_out);
        go = true;
        EXPECT_EQ(await(h), 3);
    });
}

TEST(remote_handle, keeps_a_loop_from_calling_itself_deadlocked) {
    std::optional<remote_handle<void>> given;
    std::latch is_given(1);
    std::thread other([&] {
        is_given.wait();
        given->cancel();
        given.reset();
    });
    weft::run([&] {
        const auto h = weft::spawn([] { await(for_ever()); });
        given.emplace(h);
        is_given.count_down();
        EXPECT_THROW(await(h), weft::child_cancelled);
    });
    other.join();
}

TEST(remote_handle, that_is_dropped_lets_its_loop_call_itself_deadlocked) {
    std::thread dropper;
    EXPECT_THROW(weft::run([&] {
                     remote_handle<void> h(weft::spawn([] { await(for_ever()); }));
                     dropper = std::thread([h = std::move(h)]() mutable { h = {}; });
                     await(for_ever());
                 }),
                 weft::deadlock);
    dropper.join();
}

TEST(remote_handle, outlives_its_loop_with_the_result) {
    std::optional<remote_handle<int>> h;
    std::optional<remote_handle<void>> ended;
    weft::run([&] {
        h.emplace(weft::spawn(answer, 9));
        ended.emplace(weft::spawn([] { await(for_ever()); }));
        await(weft::yield_now());
    });
    EXPECT_TRUE(ended->ready());
    EXPECT_THROW(ended->blocking_get(), weft::child_cancelled);
    EXPECT_TRUE(h->ready());
    ended->cancel();
}

TEST(remote_handle, of_a_coroutine_that_never_began_says_so) {
    weft::loop mine;
    const remote_loop home = mine.remote();
    const auto h = spawn_on(home, answer, 1);
    h.cancel();
    mine.close();
    EXPECT_TRUE(home.closed());
    EXPECT_THAT(thrown<weft::child_cancelled>([&] { static_cast<void>(h.blocking_get()); }),
                HasSubstr("never began"));
    EXPECT_THAT(thrown<weft::usage_error>([&] { (void)spawn_on(home, answer, 1); }),
                HasSubstr("the loop is closed"));
    EXPECT_THROW(remote_handle<int>().cancel(), weft::usage_error);
}

TEST(remote_handle, reports_an_error_that_nobody_asked_for) {
    loop_thread other;
    {
        const weft::testing::captured_unhandled captured;
        std::atomic<bool> go = false;
        auto h = spawn_on(other.home(), [&] {
            while (!go) await(weft::yield_now());
            throw std::runtime_error("unseen");
        });
        go = true;
        while (!h.ready()) std::this_thread::yield();
        h = {};
        // The loop lets go of it as well, a little later.
        spawn_on(other.home(), [] {}).blocking_get();
        EXPECT_THAT(captured.all(), ::testing::ElementsAre(HasSubstr("unseen")));
    }
}

TEST(remote_handle, is_refused_for_a_coroutine_of_another_loop) {
    weft::run([] {
        const auto h = weft::spawn([] {});
        std::thread([&h] {
            EXPECT_THROW(weft::run([&h] { remote_handle<void> there(h); }), weft::usage_error);
        }).join();
        await(h);
    });
}

}  // namespace
