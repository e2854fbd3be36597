// Awaits in destructors, while an exception unwinds the stack of a fiber (DESIGN.md, R10).

#include "weft/base/counted_test.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/await.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::await;
using weft::cancelled;
using weft::clock;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::testing::counted;
using weft::testing::for_ever;
using weft::testing::on_every_loop;
using weft::testing::simulation;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

using strings = std::vector<std::string>;

task<> say(strings& log, std::string what) {
    co_await weft::yield_now();
    co_await sleep(1us);
    log.push_back(std::move(what));
}

/// Awaits in its destructor.
class says_goodbye {
public:
    says_goodbye(strings& log, std::string what) : log_(&log), what_(std::move(what)) {}
    says_goodbye(says_goodbye&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), what_(std::move(other.what_)) {}
    says_goodbye& operator=(says_goodbye&&) = delete;
    ~says_goodbye() {
        if (log_ == nullptr) return;
        await(sleep(1us));
        await(say(*log_, what_));
    }

private:
    strings* log_;
    std::string what_;
};

TEST(await_unwinding, works_in_a_fiber_that_was_cancelled) {
    on_every_loop([] {
        strings log;
        auto h = spawn([&log] {
            const says_goodbye outer(log, "outer");
            const says_goodbye inner(log, "inner");
            await(for_ever());
        });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("inner", "outer"));
    });
}

TEST(await_unwinding, works_for_any_error_in_a_fiber_that_is_cancelled_meanwhile) {
    on_every_loop([] {
        strings log;
        auto h = spawn([&log] {
            const says_goodbye g(log, "goodbye");
            await(weft::yield_now());
            throw std::runtime_error("mine");
        });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.ready());
        EXPECT_THAT(log, ElementsAre("goodbye"));
        (void)h.error();
    });
}

TEST(await_unwinding, works_for_what_the_callable_has_captured) {
    on_every_loop([] {
        strings log;
        auto h = spawn([g = says_goodbye(log, "captured")] { await(for_ever()); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(log, ElementsAre("captured"));
    });
}

TEST(await_unwinding, of_what_was_captured_leaves_the_error_as_it_was) {
    on_every_loop([] {
        strings log;
        auto h = spawn([g = says_goodbye(log, "captured")] {
            await(weft::yield_now());
            throw std::runtime_error("mine");
        });
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(h); }), "mine");
        EXPECT_THAT(log, ElementsAre("captured"));
    });
}

TEST(await_unwinding, of_arguments_too) {
    on_every_loop([] {
        strings log;
        auto h =
            spawn([](const says_goodbye&) { await(for_ever()); }, says_goodbye(log, "an argument"));
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_THAT(log, ElementsAre("an argument"));
    });
}

/// Waits for ever in its destructor, and says how long that was.
class lingers {
public:
    explicit lingers(std::vector<clock::duration>& took) : took_(took) {}
    lingers(const lingers&) = delete;
    lingers& operator=(const lingers&) = delete;
    ~lingers() {
        const auto before = clock::now();
        try {
            await(for_ever());
        } catch (const cancelled& c) {
            EXPECT_EQ(c.origin().reason(), weft::cancel_reason::deadline);
        }
        took_.push_back(clock::now() - before);
    }

private:
    std::vector<clock::duration>& took_;
};

TEST(await_unwinding, is_cancelled_when_the_grace_time_is_over) {
    simulation(1, weft::options().grace(3s)).run([] {
        std::vector<clock::duration> took;
        auto h = spawn([&took] {
            const lingers l(took);
            await(for_ever());
        });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_THAT(took, ElementsAre(3s));
    });
}

TEST(await_unwinding, without_a_cancellation_has_the_grace_time_too) {
    simulation(1, weft::options().grace(3s)).run([] {
        std::vector<clock::duration> took;
        auto h = spawn([&took] {
            const lingers l(took);
            throw std::runtime_error("mine");
        });
        EXPECT_EQ(thrown<std::runtime_error>([&] { await(h); }), "mine");
        EXPECT_THAT(took, ElementsAre(3s));
    });
}

TEST(await_unwinding, inside_of_a_deadline_is_still_a_timeout) {
    on_every_loop([] {
        strings log;
        EXPECT_THROW(await(weft::with_timeout(1ms,
                                              [&log] {
                                                  const says_goodbye g(log, "goodbye");
                                                  await(for_ever());
                                              })),
                     weft::timed_out);
        EXPECT_THAT(log, ElementsAre("goodbye"));
        await(sleep(1us));  // nothing is left of it
    });
}

using witness = counted<struct of_unwinding>;

TEST(await_unwinding, lets_others_unwind_meanwhile) {
    on_every_loop([] {
        witness::reset();
        strings log;
        std::vector<weft::join_handle<void>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(spawn([&log] {
                const witness w;
                const says_goodbye g(log, "goodbye");
                try {
                    await(for_ever());
                } catch (const cancelled&) {
                    EXPECT_EQ(std::uncaught_exceptions(), 0);
                    const says_goodbye caught(log, "caught");
                    throw;
                }
            }));
        for (auto& h : all) until_it_waits(h);
        for (auto& h : all) h.cancel();
        for (auto& h : all) await(h.join());
        EXPECT_EQ(log.size(), 20u);
        EXPECT_EQ(witness::now.live, 0);
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
}

TEST(await_unwinding, joins_others_and_gets_their_results) {
    on_every_loop([] {
        int got = 0;
        struct joins {
            weft::join_handle<int> h;
            int& got;
            ~joins() { got = await(h); }
        };
        auto slow = spawn([] {
            await(sleep(1ms));
            return 5;
        });
        auto h = spawn([&] {
            const joins at_end{slow, got};
            await(for_ever());
        });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_EQ(got, 5);
    });
}

TEST(await_unwinding, catches_an_error_of_its_own) {
    on_every_loop([] {
        std::string caught;
        struct fails {
            std::string& caught;
            ~fails() {
                const auto body = []() -> task<> {
                    co_await weft::yield_now();
                    throw std::runtime_error("in the destructor");
                };
                caught = thrown<std::runtime_error>([&] { await(body()); });
            }
        };
        auto h = spawn([&caught] {
            const fails f{caught};
            await(weft::yield_now());
            throw std::logic_error("first");
        });
        EXPECT_EQ(thrown<std::logic_error>([&] { await(h); }), "first");
        EXPECT_EQ(caught, "in the destructor");
    });
}

}  // namespace
