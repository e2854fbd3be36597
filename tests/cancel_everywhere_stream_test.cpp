// Byte streams cancelled at every await: each byte that was accepted is read once, in its order,
// and a message is in the stream whole or not at all.

#include "cancel_everywhere_test.hpp"

#include "weft/core/scope.hpp"
#include "weft/stream/buffered_reader.hpp"
#include "weft/stream/buffered_writer.hpp"
#include "weft/stream/memory_stream.hpp"

#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace {

using weft::await;
using weft::scope;
using weft::task;
using weft::testing::cancel_everywhere;
using weft::testing::coroutine_kind;
using weft::testing::proving_ground;
using weft::testing::witness;

/// A child that is `as_task(args...)` or `as_fiber(args...)`.
template <class Task, class Fiber, class... Args>
weft::join_handle<void> spawn_in(scope& s, coroutine_kind kind, Task as_task, Fiber as_fiber,
                                 Args... args) {
    if (kind == coroutine_kind::task) return s.spawn(as_task, args...);
    return s.spawn(as_fiber, args...);
}

// ---- buffers at both ends

constexpr std::array<std::string_view, 6> messages = {
    "a line\n", "of five", " bytes", " and a delimiter that is longer than the buffer;x\n",
    "12",       "345;last"};

struct conversation {
    std::pair<weft::memory_stream, weft::memory_stream> ends = weft::memory_stream_pair(5);
    weft::buffered_writer<weft::memory_stream&> out{ends.first, 8};
    weft::buffered_reader<weft::memory_stream&> in{ends.second};
    std::string received;

    /// What all messages that were accepted are, in a row; an error if one of them is torn.
    [[nodiscard]] std::string accepted() const {
        std::string text;
        for (const std::string_view m : messages) {
            if (text.size() == out.accepted()) return text;
            text += m;
        }
        EXPECT_EQ(text.size(), out.accepted()) << "a message was torn";
        return text;
    }
};

task<> say(proving_ground& g, conversation& c) {
    const witness w;
    for (const std::string_view m : messages) {
        g.step();
        co_await c.out.write(m);
    }
    g.step();
    co_await c.out.flush();
    c.out.sink().close_write();
}
void say_in_fiber(proving_ground& g, conversation& c) {
    const witness w;
    for (const std::string_view m : messages) {
        g.step();
        await(c.out.write(m));
    }
    g.step();
    await(c.out.flush());
    c.out.sink().close_write();
}

task<> hear(proving_ground& g, conversation& c) {
    const witness w;
    g.step();
    c.received += *co_await c.in.read_line() + "\n";
    g.step();
    c.received += co_await c.in.read_exactly(11);
    g.step();
    static_cast<void>(co_await c.in.peek(20));
    g.step();
    c.received += *co_await c.in.read_until(";") + ";";
    g.step();
    const auto view = co_await c.in.read_line_view();
    c.received.append(*view).append("\n");
    std::array<char, 3> bytes{};
    g.step();
    co_await c.in.read_exactly(bytes.data(), 3);
    c.received.append(bytes.data(), 3);
    g.step();
    const std::size_t n = co_await c.in.read_some(bytes.data(), 3);
    c.received.append(bytes.data(), n);
    g.step();
    c.received += co_await c.in.read_all(100);
}
void hear_in_fiber(proving_ground& g, conversation& c) {
    const witness w;
    g.step();
    c.received += *await(c.in.read_line()) + "\n";
    g.step();
    c.received += await(c.in.read_exactly(11));
    g.step();
    static_cast<void>(await(c.in.peek(20)));
    g.step();
    c.received += *await(c.in.read_until(";")) + ";";
    g.step();
    const auto view = await(c.in.read_line_view());
    c.received.append(*view).append("\n");
    std::array<char, 3> bytes{};
    g.step();
    await(c.in.read_exactly(bytes.data(), 3));
    c.received.append(bytes.data(), 3);
    g.step();
    const std::size_t n = await(c.in.read_some(bytes.data(), 3));
    c.received.append(bytes.data(), n);
    g.step();
    c.received += await(c.in.read_all(100));
}

/// `target::inner` is who speaks, or who listens.
void talk(bool speaker_is_hit) {
    cancel_everywhere([speaker_is_hit](proving_ground& g, coroutine_kind kind) {
        conversation c;
        const auto body = [&](scope& s) {
            auto hears = spawn_in(s, kind, hear, hear_in_fiber, std::ref(g), std::ref(c));
            auto says = spawn_in(s, kind, say, say_in_fiber, std::ref(g), std::ref(c));
            g.inner = speaker_is_hit ? says : hears;
            // One alone would wait for ever.
            hears.link([says](const auto&) { says.cancel(); });
            says.link([hears](const auto& h) {
                if (h.was_cancelled()) hears.cancel();
            });
        };
        g.run_root(kind, [&] { return weft::with_scope(body); });
        const std::string accepted = c.accepted();
        auto rest = weft::spawn([&c] {
            await(c.out.flush());
            c.out.sink().close_write();
        });
        c.received += await(c.in.read_all(1'000));
        await(rest);
        EXPECT_EQ(c.received, accepted);
        if (!g.hit()) {
            EXPECT_EQ(c.out.buffered(), 0u);
            EXPECT_TRUE(c.received.ends_with("last"));
        }
    });
}

TEST(cancel_everywhere, buffered_writers) {
    talk(true);
}
TEST(cancel_everywhere, buffered_readers) {
    talk(false);
}

// ---- two who write to a pipe and two who read from it

struct shared_pipe {
    weft::memory_pipe ends{3};
    std::size_t written = 0;
    std::size_t received = 0;
};

task<> put_bytes(proving_ground& g, shared_pipe& p) {
    const witness w;
    for (const std::string_view part : {"12345", "6", "789"}) {
        g.step();
        p.written += co_await p.ends.writer.write_some(part);
    }
}
void put_bytes_in_fiber(proving_ground& g, shared_pipe& p) {
    const witness w;
    for (const std::string_view part : {"12345", "6", "789"}) {
        g.step();
        p.written += await(p.ends.writer.write_some(part));
    }
}
task<> get_bytes(proving_ground& g, shared_pipe& p) {
    const witness w;
    std::array<char, 2> bytes{};
    for (;;) {
        g.step();
        const std::size_t n = co_await p.ends.reader.read_some(bytes.data(), bytes.size());
        if (n == 0) break;
        p.received += n;
    }
}
void get_bytes_in_fiber(proving_ground& g, shared_pipe& p) {
    const witness w;
    std::array<char, 2> bytes{};
    for (;;) {
        g.step();
        const std::size_t n = await(p.ends.reader.read_some(bytes.data(), bytes.size()));
        if (n == 0) break;
        p.received += n;
    }
}

TEST(cancel_everywhere, memory_pipes) {
    cancel_everywhere([](proving_ground& g, coroutine_kind kind) {
        shared_pipe p;
        int writers = 2;
        const auto body = [&](scope& s) {
            for (int i = 0; i < 2; ++i) {
                g.inner =
                    spawn_in(s, kind, get_bytes, get_bytes_in_fiber, std::ref(g), std::ref(p));
                auto puts =
                    spawn_in(s, kind, put_bytes, put_bytes_in_fiber, std::ref(g), std::ref(p));
                puts.link([&](const auto&) {
                    if (--writers == 0) p.ends.writer.close();
                });
            }
        };
        g.run_root(kind, [&] { return weft::with_scope(body); });
        weft::testing::until([&writers] { return writers == 0; });
        EXPECT_EQ(p.written, p.received + p.ends.reader.statistics().buffered());
        EXPECT_EQ(p.ends.reader.statistics().passed(), p.received);
        EXPECT_EQ(p.ends.reader.statistics().waiting_readers(), 0u);
        EXPECT_EQ(p.ends.reader.statistics().waiting_writers(), 0u);
        if (!g.hit()) {
            EXPECT_GE(p.received, 6u);
        }
    });
}

}  // namespace
