#include "weft/base/error.hpp"
#include "weft/base/fd.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/io/offload.hpp"
#include "weft/io/pipe.hpp"
#include "weft/sync/shared_event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <thread>

// A loop that is run by another one, which knows nothing of it but a descriptor.

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using weft::await;
using weft::loop;
using weft::options;
using weft::task;
using weft::testing::for_ever;
using weft::testing::thrown;

bool is_readable(int fd, int timeout_ms = 0) {
    pollfd waits{fd, POLLIN, 0};
    return ::poll(&waits, 1, timeout_ms) == 1;
}

/// The foreign loop: waits for the descriptor only. Counts how often it was woken.
template <class Until>
int run_by_poll(loop& mine, Until until) {
    int turns = 0;
    while (!until()) {
        if (!is_readable(mine.fd(), 20'000)) {
            ADD_FAILURE() << "nothing woke it in 20 s";
            break;
        }
        ++turns;
        mine.run_ready();
    }
    return turns;
}

/// Nothing is left to do but to wait, and the descriptor says so.
void settle(loop& mine) {
    while (is_readable(mine.fd())) mine.run_ready();
}

TEST(embedding, runs_tasks_and_fibers_within_poll) {
    loop mine(options().watchdog({}));
    int ended = 0;
    auto slept = mine.spawn([&ended]() -> task<> {
        for (int i = 0; i < 5; ++i) co_await weft::sleep(200us);
        ++ended;
    });
    mine.spawn([&ended] {
            await(weft::yield_now());
            ++ended;
        })
        .detach();
    const int turns = run_by_poll(mine, [&] { return ended == 2; });
    EXPECT_TRUE(slept.successful());
    // A turn at the begin, one for each timer, and a few that find nothing.
    EXPECT_LE(turns, 30);
    settle(mine);
    EXPECT_EQ(mine.next_deadline(), weft::clock::never);
    EXPECT_FALSE(mine.run_ready());
    EXPECT_FALSE(is_readable(mine.fd()));
}

TEST(embedding, has_more_to_do_than_a_turn) {
    loop mine(options().watchdog({}));
    int ran = 0;
    for (int i = 0; i < 1000; ++i) mine.spawn([&ran] { ++ran; }).detach();
    EXPECT_EQ(mine.next_deadline(), weft::clock::time_point::min());
    EXPECT_TRUE(is_readable(mine.fd()));
    EXPECT_TRUE(mine.run_ready());
    EXPECT_GT(ran, 0);
    EXPECT_LT(ran, 1000);
    EXPECT_TRUE(is_readable(mine.fd()));
    run_by_poll(mine, [&] { return ran == 1000; });
}

TEST(embedding, is_woken_by_what_is_given_between_two_turns) {
    loop mine(options().watchdog({}));
    int calls = 0;
    settle(mine);
    mine.call_soon([&] { ++calls; });
    EXPECT_TRUE(is_readable(mine.fd()));
    run_by_poll(mine, [&] { return calls == 1; });
    settle(mine);
    mine.call_later(1ms, [&] { ++calls; });
    run_by_poll(mine, [&] { return calls == 2; });
    settle(mine);
    mine.post([&] { ++calls; });
    run_by_poll(mine, [&] { return calls == 3; });
    settle(mine);
    EXPECT_FALSE(is_readable(mine.fd()));
}

TEST(embedding, is_woken_by_other_threads_and_by_descriptors) {
    loop mine(options().watchdog({}));
    weft::shared_event go;
    std::string text;
    const auto body = [&] {
        await(go.wait());
        weft::pipe p;
        const auto writer = weft::spawn([&p]() -> task<> {
            co_await weft::sleep(300us);
            co_await p.writer.write_all("hello");
        });
        char bytes[8];
        const std::size_t n = await(p.reader.read_some(bytes, sizeof bytes));
        await(writer);
        const auto more = [](std::string s) { return s + " from a thread"; };
        text = await(weft::offload(more, std::string(bytes, n)));
    };
    auto h = mine.spawn(body);
    settle(mine);
    std::thread setter([&go] { go.set(); });
    run_by_poll(mine, [&] { return h.ready(); });
    setter.join();
    EXPECT_EQ(text, "hello from a thread");
}

TEST(embedding, works_edge_triggered_in_another_epoll) {
    loop mine(options().watchdog({}));
    const weft::unique_fd foreign(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    ASSERT_EQ(::epoll_ctl(foreign.get(), EPOLL_CTL_ADD, mine.fd(), &event), 0);
    int ended = 0;
    for (int i = 1; i <= 20; ++i)
        mine.spawn(
                [&ended](int n) {
                    await(weft::sleep(n * 100us));
                    ++ended;
                },
                i)
            .detach();
    std::thread poster([home = mine.remote(), &ended] {
        for (int i = 0; i < 20; ++i) home.post([&ended] { ++ended; });
    });
    while (ended < 40) {
        ASSERT_EQ(::epoll_wait(foreign.get(), &event, 1, 20'000), 1) << ended;
        // As many turns as there is something to do in: who takes edges asks no second time.
        while (mine.run_ready()) {}
    }
    poster.join();
}

TEST(embedding, is_stopped_and_closed_with_what_lives) {
    loop mine(options().watchdog({}));
    bool unwound = false;
    const auto h = mine.spawn([&unwound] {
        try {
            await(for_ever());
        } catch (const weft::cancelled&) {
            unwound = true;
        }
    });
    settle(mine);
    mine.stop();
    run_by_poll(mine, [&] { return h.ready(); });
    EXPECT_TRUE(unwound);

    const auto by_handle = mine.spawn([] { await(for_ever()); });
    settle(mine);
    by_handle.cancel();
    run_by_poll(mine, [&] { return by_handle.ready(); });
    bool linked = false;
    by_handle.link([&linked](const auto&) { linked = true; });
    run_by_poll(mine, [&] { return linked; });

    unwound = false;
    mine.spawn([&unwound]() -> task<> {
            try {
                co_await for_ever();
            } catch (const weft::cancelled&) {
                unwound = true;
            }
        })
        .detach();
    settle(mine);
    mine.close();
    EXPECT_TRUE(unwound);
    EXPECT_THROW(mine.run_ready(), weft::usage_error);
}

TEST(embedding, in_a_simulated_world_goes_by_its_deadlines) {
    weft::testing::with_every_loop([](const options& how) {
        loop mine(how);
        bool ended = false;
        mine.spawn([&ended] {
                await(weft::sleep(2ms));
                ended = true;
            })
            .detach();
        while (!ended) {
            mine.run_ready();
            EXPECT_TRUE(ended || mine.next_deadline() != weft::clock::never);
        }
        EXPECT_TRUE(ended);
    });
}

TEST(embedding, is_refused_where_it_cannot_be) {
    weft::testing::simulation world(1);
    world.run([] {
        EXPECT_THAT(thrown<weft::usage_error>([] { static_cast<void>(loop::current().fd()); }),
                    HasSubstr("the driver 'simulator' has no descriptor"));
        EXPECT_THROW(loop::current().run_ready(), weft::usage_error);
    });
}

TEST(embedding, may_be_mixed_with_run) {
    loop mine(options().watchdog({}));
    settle(mine);
    EXPECT_EQ(mine.run([] {
        await(weft::sleep(1ms));
        return 4;
    }),
              4);
    bool called = false;
    mine.call_later(1ms, [&called] { called = true; });
    run_by_poll(mine, [&] { return called; });
}

}  // namespace
