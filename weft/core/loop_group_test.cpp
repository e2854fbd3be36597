#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/local.hpp"
#include "weft/core/loop_group.hpp"
#include "weft/core/remote_handle.hpp"
#include "weft/core/run.hpp"
#include "weft/core/stopping.hpp"
#include "weft/core/with_cleanup.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

// Several loops of one run, each on a thread of its own.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using weft::await;
using weft::loop;
using weft::loops;
using weft::options;
using weft::remote_handle;
using weft::spawn_on;
using weft::task;
using weft::testing::for_ever;
using weft::testing::thrown;

/// Runs `test(how)` with three loops, on each driver of this machine.
template <class Test>
void with_three_loops(Test test) {
    weft::testing::on_real_drivers([&](const options& how, const char* name) {
        SCOPED_TRACE(name);
        test(options(how).threads(3).spin(0ns));
    });
}

std::size_t here() {
    return loop::current().index();
}
task<std::size_t> here_in_task() {
    co_await weft::yield_now();
    co_return here();
}
void wait_for_ever() {
    await(for_ever());
}

/// Counts those that live.
class counted_life {
public:
    explicit counted_life(std::atomic<int>& n) : lives_(n) { ++lives_; }
    counted_life(const counted_life&) = delete;
    counted_life& operator=(const counted_life&) = delete;
    ~counted_life() { --lives_; }

private:
    std::atomic<int>& lives_;
};

TEST(loop_group, runs_coroutines_on_each_of_its_threads) {
    with_three_loops([](const options& how) {
        const auto caller = std::this_thread::get_id();
        std::set<std::thread::id> threads;
        weft::run(how, [&] {
            EXPECT_EQ(std::this_thread::get_id(), caller);
            EXPECT_EQ(here(), 0u);
            ASSERT_EQ(loops().size(), 3u);
            for (std::size_t i = 0; i < 3; ++i) {
                EXPECT_EQ(await(spawn_on(loops()[i], here)), i);
                EXPECT_EQ(await(spawn_on(loops()[i], here_in_task)), i);
                EXPECT_EQ(await(spawn_on(loops()[i], [] { return loops().size(); })), 3u);
                threads.insert(await(spawn_on(loops()[i], std::this_thread::get_id)));
            }
        });
        EXPECT_EQ(threads.size(), 3u);
    });
}

TEST(loop_group, of_one_is_the_loop_alone) {
    weft::testing::with_every_loop([](const options& how) {
        weft::run(how, [] {
            ASSERT_EQ(loops().size(), 1u);
            EXPECT_EQ(loops().data(), loops().data());
            EXPECT_EQ(await(spawn_on(loops()[0], here)), 0u);
        });
        // What `loops()` has given is no remote that might act.
        EXPECT_THROW(weft::run(how,
                               [] {
                                   static_cast<void>(loops());
                                   wait_for_ever();
                               }),
                     weft::deadlock);
    });
    EXPECT_THROW(static_cast<void>(loops()), weft::usage_error);
}

TEST(loop_group, cancels_and_joins_what_lives_on_any_loop_when_main_has_ended) {
    with_three_loops([](const options& how) {
        std::atomic<int> lives = 0;
        std::atomic<int> begun = 0;
        const int got = weft::run(how, [&] {
            for (const weft::remote_loop& there : loops())
                for (int i = 0; i < 50; ++i)
                    (void)spawn_on(there, [&] {
                        const counted_life mine(lives);
                        ++begun;
                        wait_for_ever();
                    });
            while (begun < 150) await(weft::sleep(100us));
            return 7;
        });
        EXPECT_EQ(got, 7);
        EXPECT_EQ(lives, 0);
    });
}

TEST(loop_group, cancels_what_has_not_begun_when_main_ends) {
    with_three_loops([](const options& how) {
        std::vector<remote_handle<void>> all;
        weft::run(how, [&] {
            for (int i = 0; i < 100; ++i)
                for (const weft::remote_loop& there : loops())
                    all.push_back(spawn_on(there, wait_for_ever));
        });
        for (const auto& h : all) {
            EXPECT_TRUE(h.ready());
            EXPECT_THROW(h.blocking_get(), weft::child_cancelled);
        }
    });
}

TEST(loop_group, joins_and_cancels_thousands_in_both_directions) {
    with_three_loops([](const options& how) {
        constexpr int count = 120;
        // Of a coroutine on each loop; they all talk to each other at once.
        const auto talk = [](std::size_t to) -> task<int> {
            int sum = 0;
            for (int i = 0; i < count; ++i) {
                const auto stuck = spawn_on(loops()[to], wait_for_ever);
                if (i % 2 == 0) co_await weft::yield_now();  // in flight, or begun
                stuck.cancel();
                const auto answer = spawn_on(loops()[to], [i] { return i; });
                co_await stuck.join();
                const auto fails = spawn_on(loops()[to], [] { throw std::runtime_error("there"); });
                const int got = co_await answer;
                sum += got == i && stuck.ready() ? 1 : 0;
                try {
                    co_await fails;
                } catch (const std::runtime_error& e) {
                    sum += e.what() == std::string("there") ? 1 : 0;
                }
            }
            co_return sum;
        };
        const int sum = weft::run(how, [&] {
            std::vector<remote_handle<int>> talks;
            for (std::size_t from = 0; from < 3; ++from)
                for (std::size_t to = 0; to < 3; ++to)
                    talks.push_back(spawn_on(loops()[from], talk, to));
            int all = 0;
            for (const auto& t : talks) all += await(t);
            return all;
        });
        EXPECT_EQ(sum, 9 * 2 * count);
    });
}

TEST(loop_group, passes_an_error_of_main_on_and_reports_one_that_nobody_joins) {
    with_three_loops([](const options& how) {
        weft::testing::collected_reports reports;
        const auto fails = [] {
            auto h = spawn_on(loops()[1], [] { throw std::runtime_error("unseen"); });
            await(h.join());
            h = {};
            throw std::runtime_error("main's own");
        };
        const weft::testing::captured_unhandled captured;
        EXPECT_EQ(thrown<std::runtime_error>([&] {
                      weft::run(options(how).on_unhandled(reports.for_unhandled()), fails);
                  }),
                  "main's own");
        EXPECT_EQ(captured.all().size() + reports.count(), 1u);
    });
}

TEST(loop_group, lets_cleanup_use_the_other_loops_at_the_end) {
    with_three_loops([](const options& how) {
        std::atomic<int> cleaned = 0;
        weft::run(how, [&] {
            for (std::size_t i = 0; i < 3; ++i)
                (void)spawn_on(loops()[i], [&cleaned, i] {
                    const auto cleanup = [&cleaned, i] {
                        const auto work = [] { await(weft::with_shield(here_in_task())); };
                        const auto h = spawn_on(loops()[(i + 1) % 3], work);
                        await(h.join());
                        ++cleaned;
                    };
                    await(weft::with_cleanup(for_ever, cleanup));
                });
            await(weft::sleep(2ms));
        });
        EXPECT_EQ(cleaned, 3);
    });
}

TEST(loop_group, finds_a_deadlock_when_nothing_can_run_on_any_loop) {
    with_three_loops([](const options& how) {
        const std::string text = thrown<weft::deadlock>([&] {
            weft::run(how, [] {
                for (std::size_t i = 1; i < 3; ++i)
                    (void)spawn_on(loops()[i], [] {
                        const auto h = weft::spawn(wait_for_ever);
                        await(h);
                    });
                await(weft::sleep(1ms));
                wait_for_ever();
            });
        });
        EXPECT_THAT(text, AllOf(HasSubstr("nothing can ever run again"), HasSubstr("\non loop 1:"),
                                HasSubstr("\non loop 2:"), HasSubstr("waits for sleep"),
                                HasSubstr("waits for the end of another coroutine")));
    });
}

TEST(loop_group, is_not_deadlocked_while_another_loop_may_still_act) {
    with_three_loops([](const options& how) {
        bool woken = false;
        weft::run(how, [&woken] {
            const auto h = weft::spawn(wait_for_ever);
            const auto first = weft::spawn([&] { await(h.join()); });
            (void)spawn_on(loops()[2], [&] {
                await(weft::sleep(3ms));
                (void)spawn_on(loops()[1], [&] { loops()[0].post([&] { h.cancel(); }); });
            });
            await(first);
            woken = true;
        });
        EXPECT_TRUE(woken);
    });
}

TEST(loop_group, stops_as_one_whichever_loop_is_told) {
    with_three_loops([](const options& how) {
        std::atomic<int> told = 0;
        EXPECT_THROW(weft::run(options(how).drain(10s),
                               [&] {
                                   for (const weft::remote_loop& there : loops())
                                       (void)spawn_on(there, [&] {
                                           await(weft::stopping());
                                           if (++told == 3)
                                               loops()[1].post([] { loop::current().stop(); });
                                       });
                                   loops()[2].post([] { loop::current().stop(); });
                                   wait_for_ever();
                               }),
                     weft::child_cancelled);
        EXPECT_EQ(told, 3);
    });
}

std::atomic<int> starts_left = 0;
std::atomic<int> bodies_ended = 0;
std::thread start_some(std::function<void()> body) {
    if (starts_left-- <= 0) throw std::system_error(EAGAIN, std::generic_category(), "thread");
    return std::thread([body = std::move(body)] {
        body();
        ++bodies_ended;
    });
}

TEST(loop_group, whose_thread_is_refused_says_so_and_leaves_nothing_behind) {
    const auto usual = std::exchange(weft::detail::loop_group::start, &start_some);
    for (int allowed = 0; allowed < 3; ++allowed) {
        starts_left = allowed;
        bodies_ended = 0;
        bool ran = false;
        try {
            weft::run(options().threads(4).watchdog({}), [&] { ran = true; });
            ADD_FAILURE() << "it has run";
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code().value(), EAGAIN);
            EXPECT_THAT(e.what(), HasSubstr("starting thread " + std::to_string(allowed + 2) +
                                            " of 4 for its loops"));
        }
        EXPECT_FALSE(ran);
        EXPECT_EQ(bodies_ended, allowed);
    }
    weft::detail::loop_group::start = usual;
    EXPECT_EQ(weft::run(options().threads(2).watchdog({}), here), 0u);
}

TEST(loop_group, whose_loop_cannot_be_made_throws_why) {
    std::atomic<int> made = 0;
    const auto how = options().threads(3).watchdog({}).driver([&] {
        if (++made == 3) throw std::system_error(EMFILE, std::generic_category(), "a driver");
        return weft::make_driver();
    });
    EXPECT_THROW(weft::run(how, here), std::system_error);
    EXPECT_EQ(made, 3);
}

TEST(loop_group, is_refused_where_it_makes_no_sense) {
    const options two = options().threads(2);
    EXPECT_THAT(thrown<weft::usage_error>([&] { const loop one(two); }), HasSubstr("weft::run("));
    EXPECT_THAT(thrown<weft::usage_error>([&] {
                    weft::testing::seeded_oracle oracle(1);
                    weft::run(options(two).choices(&oracle), here);
                }),
                HasSubstr("leave out threads()"));
    EXPECT_THAT(thrown<weft::usage_error>([&] {
                    const auto make = [] { return std::make_unique<weft::testing::simulator>(); };
                    weft::run(options(two).driver(make), here);
                }),
                HasSubstr("leave out threads()"));
    weft::run([&] { EXPECT_THROW(weft::run(two, here), weft::usage_error); });
    EXPECT_GE(options().threads(0).threads(), 1u);
}

std::string name_here() {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    return name;
}
int processors_here() {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
}

TEST(loop_group, names_and_pins_its_threads_for_its_time) {
    const std::string name = name_here();
    const int processors = processors_here();
    const auto how = options().threads(2).watchdog({}).name("a-name-too-long").pin_threads(true);
    weft::run(how, [] {
        EXPECT_EQ(name_here(), "a-name-too-lo-0");
        EXPECT_EQ(await(spawn_on(loops()[1], name_here)), "a-name-too-lo-1");
        EXPECT_EQ(processors_here(), 1);
        EXPECT_EQ(await(spawn_on(loops()[1], processors_here)), 1);
    });
    EXPECT_EQ(name_here(), name);
    EXPECT_EQ(processors_here(), processors);
}

TEST(loop_group, takes_copies_of_locals_along) {
    static weft::local<std::string> user("nobody");
    static weft::local<std::shared_ptr<int>> shared;
    static weft::local<std::unique_ptr<int>> owned;
    with_three_loops([](const options& how) {
        user.set("of the thread");
        weft::run(how, [] {
            EXPECT_EQ(await(spawn_on(loops()[1], [] { return user.get(); })), "of the thread");
            user.set("ann");
            shared.set(std::make_shared<int>(5));
            owned.set(std::make_unique<int>(6));
            const auto sees = [](std::size_t back) -> task<std::string> {
                EXPECT_EQ(owned.get(), nullptr);
                EXPECT_EQ(*shared.get(), 5);
                const std::string before = user.get();
                user.set("bob");
                const auto child = weft::spawn([] { return user.get(); });
                const std::string inherited = co_await child;
                const auto home = spawn_on(loops()[back], [] { return user.get(); });
                const std::string there = co_await home;
                co_return before + "," + inherited + "," + there;
            };
            std::vector<remote_handle<std::string>> all;
            for (int i = 0; i < 100; ++i)
                for (std::size_t to = 0; to < 3; ++to)
                    all.push_back(spawn_on(loops()[to], sees, 2 - to));
            for (const auto& h : all) EXPECT_EQ(await(h), "ann,bob,bob");
            EXPECT_EQ(user.get(), "ann");
            EXPECT_EQ(*owned.get(), 6);
            EXPECT_EQ(await(spawn_on(loops()[1], here)), 1u);
        });
        EXPECT_EQ(user.get(), "of the thread");
        user.reset();
    });
}

}  // namespace
