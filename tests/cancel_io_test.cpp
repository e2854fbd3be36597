// Cancelling coroutines that read and write: what was read is not lost (DESIGN.md, R12).

#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/io/pipe.hpp"
#include "weft/io/readiness.hpp"

#include <array>
#include <chrono>
#include <coroutine>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace {

using weft::await;
using weft::cancelled;
using weft::join_handle;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_every_loop;
using weft::testing::spawn_as;
using weft::testing::until;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

/// Reads all that is left in a pipe that nobody writes to any more.
std::string drained(weft::pipe& p) {
    p.writer.close();
    std::string text;
    std::array<char, 64> bytes{};
    for (;;) {
        const std::size_t n = await(p.reader.read_some(bytes.data(), bytes.size()));
        if (n == 0) return text;
        text.append(bytes.data(), n);
    }
}

task<> read_into(const weft::pipe& p, std::string& text) {
    std::array<char, 4> bytes{};
    for (;;) {
        const std::size_t n = co_await p.reader.read_some(bytes.data(), bytes.size());
        if (n == 0) co_return;
        text.append(bytes.data(), n);
    }
}

TEST(cancel_io, ends_a_read_that_has_nothing_to_read) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::string text;
        auto h = spawn_as(kind, [&] { return read_into(p, text); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(text, "");
    });
}

// PROGRAMS.md, B.12: a killed task that waits for I/O leaves the poller and wakes its joiners.
TEST(cancel_io, of_a_reader_wakes_its_joiner_and_leaves_the_pipe_to_others) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::string text;
        std::string others;
        auto h = spawn_as(kind, [&] { return read_into(p, text); });
        until_it_waits(h);
        auto joiner = spawn_as(kind, [h] { return h.join(); });
        until_it_waits(joiner);
        h.cancel();
        await(joiner);
        EXPECT_TRUE(h.was_cancelled());

        auto other = spawn_as(kind, [&] { return read_into(p, others); });
        await(p.writer.write_all("for another"));
        p.writer.close();
        await(other);
        EXPECT_EQ(text, "");
        EXPECT_EQ(others, "for another");
    });
}

TEST(cancel_io, of_a_reader_loses_no_byte_whenever_it_comes) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string sent = "every byte is given or remains";
        for (int delay = 0; delay < 12; ++delay) {
            weft::pipe p;
            std::string text;
            auto h = spawn_as(kind, [&] { return read_into(p, text); });
            auto writer = spawn_as(kind, [&] { return p.writer.write_all(sent); });
            for (int i = 0; i < delay; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            await(writer);
            EXPECT_EQ(text + drained(p), sent) << "cancelled after " << delay << " turns";
        }
    });
}

TEST(cancel_io, of_a_writer_leaves_what_it_says_it_wrote) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string block(1000, 'w');
        for (int delay = 0; delay < 8; ++delay) {
            weft::pipe p;
            std::size_t written = 0;
            const auto write = [&]() -> task<> {
                for (;;) written += co_await p.writer.write_some(block);
            };
            auto h = spawn_as(kind, write);
            for (int i = 0; i < delay; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            EXPECT_TRUE(h.was_cancelled());
            EXPECT_EQ(drained(p).size(), written);
        }
    });
}

TEST(cancel_io, of_a_read_that_is_complete_comes_too_late_for_it) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::vector<std::string> log;
        const auto read = [&]() -> task<> {
            std::array<char, 4> bytes{};
            const std::size_t n = co_await p.reader.read_some(bytes.data(), bytes.size());
            log.emplace_back(bytes.data(), n);
            co_await weft::testing::for_ever();
            log.emplace_back("never");
        };
        auto h = spawn_as(kind, read);
        until_it_waits(h);
        await(p.writer.write_some("x"));
        // It is woken, and has not run, but where the loop had no choice.
        while (h.block().wait != nullptr && log.empty()) await(weft::sleep(1us));
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        ASSERT_EQ(log.size(), 1u);
        EXPECT_EQ(log[0], "x");
    });
}

TEST(cancel_io, by_a_deadline_loses_no_byte) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string sent(300, 'd');
        weft::pipe p;
        std::string text;
        auto writer = spawn_as(kind, [&]() -> task<> {
            for (std::size_t i = 0; i < sent.size(); i += 10) {
                co_await weft::sleep(20us);
                co_await p.writer.write_all(std::string_view(sent).substr(i, 10));
            }
        });
        int late = 0;
        const auto read = [&]() -> task<> {
            while (text.size() < sent.size()) {
                try {
                    co_await weft::with_timeout(50us, read_into, std::cref(p), std::ref(text));
                } catch (const weft::timed_out&) {
                    ++late;
                }
            }
        };
        get_as(kind, read);
        await(writer);
        EXPECT_EQ(text, sent);
        EXPECT_GT(late, 0);
    });
}

TEST(cancel_io, of_several_readers_of_one_pipe_loses_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string sent(500, 's');
        weft::pipe p;
        std::string text;
        std::vector<join_handle<void>> readers;
        for (int i = 0; i < 5; ++i)
            readers.push_back(spawn_as(kind, [&] { return read_into(p, text); }));
        auto writer = spawn_as(kind, [&] { return p.writer.write_all(sent); });
        for (std::size_t i = 0; i < 4; ++i) {
            await(weft::yield_now());
            readers[i].cancel();
        }
        await(writer);
        p.writer.close();
        for (auto& h : readers) await(h.join());
        EXPECT_EQ(text, sent);
    });
}

TEST(cancel_io, raises_before_a_read_that_could_be_done) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        await(p.writer.write_all("kept"));
        std::string text;
        auto h = spawn_as(kind, [&] { return read_into(p, text); });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(text, "");
        EXPECT_EQ(drained(p), "kept");
    });
}

TEST(cancel_io, swallowed_for_ever_by_a_reader_does_not_keep_the_thread) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        bool stop = false;
        int swallowed = 0;
        const auto read = [&]() -> task<> {
            std::array<char, 4> bytes{};
            while (!stop) {
                try {
                    co_await p.reader.read_some(bytes.data(), bytes.size());
                } catch (const cancelled&) {
                    ++swallowed;
                }
            }
        };
        auto h = spawn_as(kind, read);
        until_it_waits(h);
        h.cancel();
        until([&] { return swallowed > 500; });
        stop = true;
        await(h);
    });
}

TEST(cancel_io, ends_a_wait_for_readiness) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        auto h = spawn_as(kind, [&p] { return weft::wait_readable(p.reader.descriptor()); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

TEST(cancel_io, while_its_pipe_is_closed_by_its_own_destructor) {
    in_both_kinds([](coroutine_kind kind) {
        const auto body = []() -> task<> {
            const weft::pipe p;
            std::array<char, 4> bytes{};
            co_await p.reader.read_some(bytes.data(), bytes.size());
        };
        auto h = spawn_as(kind, body);
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

/// A coroutine of another library: begins at once, and nobody waits for it.
class detached {
public:
    class promise_type {
    public:
        promise_type() noexcept = default;
        detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { ADD_FAILURE() << "an error got away"; }
    };
};

detached read_detached(const weft::pipe& p, std::string& log) {
    std::array<char, 4> bytes{};
    try {
        co_await p.reader.read_some(bytes.data(), bytes.size());
    } catch (const cancelled&) {
        log = "cancelled";
    } catch (const std::system_error& e) {
        log = e.what();
    }
}

TEST(cancel_io, raises_cancelled_in_foreign_coroutines_too) {
    in_both_kinds([](coroutine_kind kind) {
        weft::pipe p;
        std::string log;
        const auto body = [&](weft::cancel_scope& s) -> task<> {
            read_detached(p, log);
            co_await weft::yield_now();
            s.cancel();
            co_await weft::testing::for_ever();
        };
        EXPECT_FALSE(get_as(kind, [&] { return weft::with_cancel(body); }));
        until([&] { return !log.empty(); });
        EXPECT_EQ(log, "cancelled");
    });
}

}  // namespace
