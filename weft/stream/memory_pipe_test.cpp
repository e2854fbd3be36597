#include "weft/stream/memory_pipe.hpp"

#include "weft/core/foreign_test.hpp"
#include "weft/stream/stream_test.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::HasSubstr;
using weft::await;
using weft::memory_pipe;
using weft::memory_pipe_reader;
using weft::memory_pipe_writer;
using weft::task;

/// Everything until the end, at most `at_most` bytes at a time.
task<std::string> drain(const memory_pipe_reader& from, std::size_t at_most) {
    std::string all;
    std::string part(at_most, '\0');
    for (;;) {
        const std::size_t n = co_await from.read_some(part.data(), at_most);
        if (n == 0) break;
        all.append(part, 0, n);
    }
    co_return all;
}
task<> write_and_close(memory_pipe_writer& to, std::string_view bytes) {
    co_await to.write_all(bytes);
    to.close();
}

/// A reader that waits; what it reads is in `into`.
auto spawn_reader(coroutine_kind kind, memory_pipe& p, std::span<char> into) {
    auto h = spawn_as(kind, [&p, into] { return p.reader.read_some(into.data(), into.size()); });
    until_it_waits(h);
    return h;
}
auto spawn_writer(coroutine_kind kind, memory_pipe& p, std::string_view bytes) {
    auto h = spawn_as(kind, [&p, bytes] { return p.writer.write_all(bytes); });
    until_it_waits(h);
    return h;
}

TEST(memory_pipe, carries_everything_in_its_order_whatever_its_capacity) {
    const std::string text = numbered_bytes(1'000);
    in_both_kinds([&text](coroutine_kind kind) {
        for (const std::size_t capacity : {1u, 7u, 64u, 5'000u}) {
            memory_pipe p(capacity);
            auto writing = spawn_as(kind, [&] { return write_and_close(p.writer, text); });
            const auto reads = [&p] { return drain(p.reader, 10); };
            EXPECT_EQ(get_as(kind, reads), text);
            await(writing);
            EXPECT_EQ(p.reader.statistics().passed(), text.size());
        }
    });
}

TEST(memory_pipe, holds_back_who_writes_more_than_fits) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(4);
        auto writing = spawn_writer(kind, p, "123456");
        EXPECT_EQ(p.writer.statistics().buffered(), 4u);
        EXPECT_EQ(p.writer.statistics().waiting_writers(), 1u);
        std::string all;
        while (all.size() < 6) {
            char bytes[2];
            all.append(bytes, await(p.reader.read_some(bytes, 2)));
        }
        EXPECT_EQ(all, "123456");
        EXPECT_EQ(await(writing), 6u);
        EXPECT_EQ(p.writer.statistics().capacity(), 4u);
    });
}

TEST(memory_pipe, gives_bytes_to_who_waits_for_them_in_the_order_of_their_coming) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(100);
        std::array<char, 4> one{};
        std::array<char, 4> two{};
        auto first = spawn_reader(kind, p, one);
        auto second = spawn_reader(kind, p, two);
        EXPECT_EQ(p.reader.statistics().waiting_readers(), 2u);
        EXPECT_EQ(await(p.writer.write_all("abcdefghij")), 10u);
        const std::size_t n = await(first);
        const std::size_t m = await(second);
        const std::string got = std::string(one.data(), n) + std::string(two.data(), m);
        EXPECT_EQ(got, std::string_view("abcdefghij").substr(0, n + m));
        EXPECT_EQ(p.reader.statistics().buffered(), 10 - n - m);
    });
}

TEST(memory_pipe, serves_writers_in_order) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(2);
        auto first = spawn_writer(kind, p, "aaaa");
        auto second = spawn_writer(kind, p, "bb");
        auto third = spawn_as(kind, [&p] { return p.writer.write_some("c"); });
        until_it_waits(third);
        auto rest = spawn(drain(p.reader, 3));
        EXPECT_EQ(await(third), 1u);
        await(first);
        await(second);
        p.writer.close();
        EXPECT_EQ(await(rest), "aaaabbc");
    });
}

TEST(memory_pipe, gathers_pieces) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(5);
        const std::array<std::string_view, 5> pieces = {"", "ab", "", "cdef", "gh"};
        std::size_t n = 0;
        std::string all;
        while (n < 5) {
            const auto some = [&] { return p.writer.write_some(std::span(pieces)); };
            // A simulated world takes fewer.
            const std::size_t now = get_as(kind, some);
            ASSERT_GE(now, 1u);
            ASSERT_LE(now, 5u);
            n += now;
            char bytes[8];
            std::string came;
            while (came.size() < now) came.append(bytes, await(p.reader.read_some(bytes, 8)));
            EXPECT_EQ(came, std::string_view("abcdefgh").substr(0, now));
        }
        const std::array<std::string_view, 2> none = {"", ""};
        EXPECT_EQ(await(p.writer.write_some(std::span(none))), 0u);
        EXPECT_EQ(await(p.writer.write_some("")), 0u);
    });
}

TEST(memory_pipe, ends_when_the_writer_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p;
        await(p.writer.write_all("last"));
        p.writer.close();
        const auto reads = [&p] { return drain(p.reader, 10); };
        EXPECT_EQ(get_as(kind, reads), "last");
        EXPECT_EQ(get_as(kind, reads), "") << "and stays so";
        memory_pipe q;
        char bytes[4];
        auto waits = spawn_reader(kind, q, bytes);
        q.writer.close();
        EXPECT_EQ(await(waits), 0u);
        EXPECT_EQ(await(q.reader.read_some(bytes, 0)), 0u);
    });
}

TEST(memory_pipe, refuses_who_writes_without_a_reader) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(4);
        auto waits = spawn_writer(kind, p, "123456");
        p.reader.close();
        await(waits.join());
        try {
            std::rethrow_exception(waits.error());
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code().value(), EPIPE);
            EXPECT_EQ(e.written(), 4u);
            EXPECT_THAT(e.what(), HasSubstr("write to a memory pipe"));
        }
        const auto some = [&p] { return p.writer.write_some("x"); };
        EXPECT_EQ(errno_of([&] { get_as(kind, some); }), EPIPE);
        EXPECT_EQ(await(p.writer.write_some("")), 0u);
    });
}

TEST(memory_pipe, tells_who_waits_at_an_end_that_is_closed) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(1);
        char bytes[4];
        auto reads = spawn_reader(kind, p, bytes);
        p.reader.close();
        EXPECT_EQ(errno_of([&] { await(reads); }), EBADF);
        EXPECT_EQ(errno_of([&] { await(p.reader.read_some(bytes, 4)); }), EBADF);
        memory_pipe q(1);
        auto writes = spawn_writer(kind, q, "12");
        q.writer.close();
        EXPECT_EQ(errno_of([&] { await(writes); }), EBADF);
        EXPECT_EQ(errno_of([&] { await(q.writer.write_all("12")); }), EBADF);
        EXPECT_EQ(await(q.reader.read_some(bytes, 4)), 1u) << "what it took is read";
    });
}

TEST(memory_pipe, can_be_destroyed_while_coroutines_wait) {
    in_both_kinds([](coroutine_kind kind) {
        std::optional<memory_pipe> p(std::in_place, 1);
        char bytes[4];
        auto reads = spawn_reader(kind, *p, bytes);
        p.reset();
        EXPECT_EQ(errno_of([&] { await(reads); }), EBADF);
        p.emplace(1);
        auto writes = spawn_writer(kind, *p, "12");
        p.reset();
        EXPECT_EQ(errno_of([&] { await(writes); }), EPIPE);
    });
}

TEST(memory_pipe, loses_nothing_of_who_is_cancelled_after_getting_it) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(2);
        std::array<char, 4> bytes{};
        auto reads = spawn_reader(kind, p, bytes);
        await(p.writer.write_some("ab"));
        reads.cancel();
        const std::size_t n = await(reads);
        EXPECT_EQ(std::string_view(bytes.data(), n), std::string_view("ab").substr(0, n));

        memory_pipe q(2);
        auto first = spawn_writer(kind, q, "abc");
        auto writes = spawn_as(kind, [&q] { return q.writer.write_some("d"); });
        until_it_waits(writes);
        std::string all;
        while (all.size() < 3) all.append(bytes.data(), await(q.reader.read_some(bytes.data(), 4)));
        until([&] { return writes.ready() || q.writer.statistics().waiting_writers() == 0; });
        writes.cancel();
        EXPECT_EQ(await(writes), 1u) << "its byte is in the pipe";
        await(first);
        q.writer.close();
        EXPECT_EQ(all + await(drain(q.reader, 4)), "abcd");
    });
}

TEST(memory_pipe, passes_by_those_who_were_cancelled_while_they_waited) {
    in_both_kinds([](coroutine_kind kind) {
        memory_pipe p(2);
        char one[4];
        char two[4];
        auto gone = spawn_reader(kind, p, one);
        auto stays = spawn_reader(kind, p, two);
        gone.cancel();
        await(gone.join());
        EXPECT_TRUE(gone.was_cancelled());
        await(p.writer.write_some("x"));
        EXPECT_EQ(await(stays), 1u);
        await(p.writer.write_all("ab"));
        const auto writes = [&p] { return p.writer.write_some("c"); };
        const auto in_time = [&writes] { return weft::with_timeout(1ms, writes); };
        EXPECT_THROW(get_as(kind, in_time), weft::timed_out);
        p.writer.close();
        EXPECT_EQ(await(drain(p.reader, 4)), "ab") << "nothing was written";
    });
}

TEST(memory_pipe, has_ends_that_move) {
    in_both_kinds([](coroutine_kind) {
        memory_pipe p;
        memory_pipe_writer writer(std::move(p.writer));
        EXPECT_EQ(errno_of([&] { await(p.writer.write_some("x")); }), EBADF);
        EXPECT_EQ(p.writer.statistics().capacity(), 0u);
        await(writer.write_all("moved"));
        memory_pipe q;
        q.reader = std::move(p.reader);
        EXPECT_EQ(errno_of([&] { await(q.writer.write_some("x")); }), EPIPE) << "its reader went";
        writer.close();
        EXPECT_EQ(await(drain(q.reader, 100)), "moved");
        char byte[1];
        EXPECT_EQ(errno_of([&] { await(p.reader.read_some(byte, 1)); }), EBADF);
        EXPECT_EQ(p.reader.statistics().waiting_readers(), 0u);
    });
}

TEST(memory_pipe, is_of_one_loop) {
    on_every_loop([] {
        memory_pipe p(1);
        char bytes[4];
        auto reads = spawn_reader(coroutine_kind::task, p, bytes);
        std::string text;
        std::thread([&] {
            weft::run([&] {
                text = thrown<weft::usage_error>([&] { await(p.writer.write_some("x")); });
            });
        }).join();
        EXPECT_THAT(text, HasSubstr("another thread"));
        await(p.writer.write_some("x"));
        EXPECT_EQ(await(reads), 1u);
    });
    EXPECT_THAT(thrown<weft::usage_error>([] { memory_pipe none(0); }), HasSubstr("at least one"));
}

TEST(memory_pipe, lets_a_loop_of_reads_keep_nobody_waiting) {
    on_every_loop([] {
        memory_pipe p(10'000);
        await(p.writer.write_all(numbered_bytes(10'000)));
        bool ran = false;
        auto other = weft::spawn([&ran] { ran = true; });
        char byte[1];
        for (int i = 0; i < 10'000 && !ran; ++i) await(p.reader.read_some(byte, 1));
        EXPECT_TRUE(ran);
        await(other);
    });
}

other::task<int> read_elsewhere(memory_pipe& p, char* into) {
    const std::size_t n = co_await p.reader.read_some(into, 1);
    co_return static_cast<int>(n);
}

TEST(memory_pipe, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        memory_pipe p;
        char byte = 0;
        auto one = read_elsewhere(p, &byte);
        one.start();
        EXPECT_FALSE(one.done());
        await(p.writer.write_some("x"));
        until([&one] { return one.done(); });
        EXPECT_EQ(one.result(), 1);
        EXPECT_EQ(byte, 'x');
    });
}

}  // namespace
