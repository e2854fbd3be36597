// The awaited form of a watch: the same news, and others run meanwhile.

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/file/file_test.hpp"
#include "weft/file/watch.hpp"

#include <gmock/gmock.h>

namespace {

using weft::await;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::on_real_drivers;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using namespace weft::file_test;
using namespace std::chrono_literals;
using news = weft::watch::news;
namespace fs = std::filesystem;

template <class F>
void watching(F fn) {
    on_real_drivers([&](const weft::options& how, const char* name) {
        SCOPED_TRACE(name);
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            const folder tmp;
            write_file(tmp / "log", "");
            weft::run(how, [&] { fn(kind, tmp); });
        }
    });
}

weft::join_handle<news> waits_for_news(coroutine_kind kind, weft::watch& watch) {
    auto waits = spawn_as(kind, [&] { return watch.next(); });
    until_it_waits(waits);
    return waits;
}

TEST(watch_next, waits_for_what_happens) {
    watching([](coroutine_kind kind, const folder& tmp) {
        weft::watch watch(tmp / "log");
        EXPECT_EQ(get_as(kind, watch.next()), news::moved) << "the watches are set";
        auto waits = waits_for_news(kind, watch);
        append_file(tmp / "log", "x");
        EXPECT_EQ(await(waits), news::changed);
        waits = waits_for_news(kind, watch);
        fs::rename(tmp / "log", tmp / "log.1");
        EXPECT_EQ(await(waits), news::moved);
        waits = waits_for_news(kind, watch);
        write_file(tmp / "other", "x");  // says nothing
        write_file(tmp / "log", "");
        EXPECT_EQ(await(waits), news::moved);
        EXPECT_EQ(watch.wait(0ms), news::timed_out) << "the other form has no more either";
    });
}

weft::task<news> next_within(weft::watch& watch, std::chrono::milliseconds at_most) {
    co_return co_await weft::with_timeout(at_most, watch.next());
}

TEST(watch_next, loses_no_news_when_it_is_given_up) {
    watching([](coroutine_kind kind, const folder& tmp) {
        weft::watch watch(tmp / "log");
        EXPECT_EQ(await(watch.next()), news::moved);
        EXPECT_THROW(get_as(kind, next_within(watch, 1ms)), weft::timed_out);
        auto waits = waits_for_news(kind, watch);
        waits.cancel();
        append_file(tmp / "log", "x");  // in the same turn
        await(waits.join());
        if (!waits.was_cancelled()) {
            EXPECT_EQ(waits.value(), news::changed);
            append_file(tmp / "log", "x");
        }
        EXPECT_EQ(get_as(kind, watch.next()), news::changed);
    });
}

TEST(watch_next, stops_when_it_is_told_to) {
    watching([](coroutine_kind kind, const folder& tmp) {
        const pipe_ends stop;
        weft::watch watch(tmp / "log");
        watch.stop_on(stop.read.get());
        EXPECT_EQ(await(watch.next()), news::moved);
        auto waits = waits_for_news(kind, watch);
        append_file(tmp / "log", "x");
        EXPECT_EQ(await(waits), news::changed);
        waits = waits_for_news(kind, watch);
        stop.put("x");
        EXPECT_EQ(await(waits), news::stopped);
        EXPECT_EQ(get_as(kind, watch.next()), news::stopped);
    });
}

TEST(watch_next, needs_a_real_world) {
    weft::testing::simulation world(1);
    world.run([] {
        weft::watch watch("/tmp");
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(watch.next()); }),
                    ::testing::HasSubstr("a simulated world has no inotify"));
    });
}

}  // namespace
