#include "weft/stream/buffered_reader.hpp"

#include "weft/core/foreign_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/stream/memory_stream.hpp"
#include "weft/stream/stream_test.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace weft::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using weft::await;
using weft::buffered_reader;
using weft::task;

using reader = buffered_reader<scripted_source>;
using words = std::vector<std::string>;

static_assert(weft::byte_source<reader> && !weft::byte_sink<reader>);
static_assert(weft::byte_stream<weft::memory_stream> && weft::half_closing<weft::memory_stream>);
static_assert(weft::gathering_sink<weft::memory_stream>);
static_assert(!weft::gathering_sink<scripted_sink> && !weft::byte_source<scripted_sink>);

task<words> read_lines(reader& in, std::size_t limit = reader::default_limit) {
    words lines;
    while (auto line = co_await in.read_line(limit)) lines.push_back(*line);
    co_return lines;
}
words lines_in_fiber(reader& in) {
    words lines;
    while (const auto line = await(in.read_line())) lines.push_back(*line);
    return lines;
}

/// Something of everything, of `script`.
constexpr std::string_view script =
    "line\nview\r\nkey: value\r\n\r\nexact12some bytes and the rest";
task<words> read_everything(reader& in) {
    words got;
    got.push_back(*co_await in.read_line());
    got.emplace_back(*co_await in.read_line_view());
    got.push_back(*co_await in.read_until("\r\n\r\n"));
    got.emplace_back((co_await in.peek(2)).substr(0, 2));
    got.push_back(co_await in.read_exactly(5));
    char bytes[10];
    co_await in.read_exactly(bytes, 2);
    got.emplace_back(bytes, 2);
    const std::size_t n = co_await in.read_some(bytes, 10);
    got.emplace_back(bytes, n);
    got.push_back(got.back() + co_await in.read_all(100));
    co_return got;
}
words everything_in_fiber(reader& in) {
    words got;
    got.push_back(*await(in.read_line()));
    got.emplace_back(*await(in.read_line_view()));
    got.push_back(*await(in.read_until("\r\n\r\n")));
    got.emplace_back(await(in.peek(2)).substr(0, 2));
    got.push_back(await(in.read_exactly(5)));
    char bytes[10];
    await(in.read_exactly(bytes, 2));
    got.emplace_back(bytes, 2);
    got.emplace_back(bytes, await(in.read_some(bytes, 10)));
    got.push_back(got.back() + await(in.read_all(100)));
    return got;
}
void expect_everything(const words& got) {
    ASSERT_EQ(got.size(), 8u);
    EXPECT_THAT(words(got.begin(), got.begin() + 6),
                ElementsAre("line", "view", "key: value", "ex", "exact", "12"));
    EXPECT_EQ(got[7], "some bytes and the rest");
    EXPECT_TRUE(got[7].starts_with(got[6]) && !got[6].empty());
}

TEST(buffered_reader, reads_lines_whatever_comes_at_a_time) {
    on_every_loop([] {
        for (const std::size_t at_most : {1u, 2u, 3u, 100u}) {
            const auto lines = ElementsAre("one", "", "two", "last");
            reader in(scripted_source("one\r\n\ntwo\nlast", at_most));
            EXPECT_THAT(await(read_lines(in)), lines);
            EXPECT_THAT(await(read_lines(in)), ElementsAre()) << "the end stays the end";
            reader again(scripted_source("one\r\n\ntwo\nlast", at_most));
            EXPECT_THAT(lines_in_fiber(again), lines);
        }
    });
}

TEST(buffered_reader, has_a_call_for_everything) {
    on_every_loop([] {
        for (const std::size_t at_most : {1u, 3u, 7u, 1'000u}) {
            reader in{scripted_source(std::string(script), at_most)};
            expect_everything(await(read_everything(in)));
            reader again{scripted_source(std::string(script), at_most)};
            expect_everything(everything_in_fiber(again));
        }
    });
}

TEST(buffered_reader, reads_ahead_and_then_awaits_nothing) {
    on_every_loop([] {
        reader in(scripted_source("1\n2\n3\n4\n", 100));
        EXPECT_EQ(await(in.read_line()), "1");
        EXPECT_EQ(in.buffered(), "2\n3\n4\n");
        EXPECT_EQ(await(in.read_line()), "2");
        EXPECT_EQ(await(in.read_exactly(2)), "3\n");
        EXPECT_EQ(await(in.peek(1)), "4\n");
        in.drop(1);
        char byte = 0;
        EXPECT_EQ(await(in.read_some(&byte, 1)), 1u);
        EXPECT_EQ(in.source().calls(), 1);
        EXPECT_EQ(await(in.read_some(&byte, 0)), 0u);
        EXPECT_EQ(await(in.read_exactly(0)), "");
        EXPECT_EQ(in.source().calls(), 1);
        EXPECT_EQ(await(in.read_some(&byte, 1)), 0u) << "the end";
        EXPECT_EQ(await(in.peek(1)), "");
    });
}

TEST(buffered_reader, needs_no_more_memory_for_a_peer_that_never_ends_its_line) {
    on_every_loop([] {
        constexpr std::size_t limit = 20'000;
        reader in(scripted_source(std::string(10 * limit, 'x'), 5'000));
        for (int i = 0; i < 3; ++i) {
            EXPECT_THAT(thrown<weft::line_too_long>([&in] { await(in.read_line(limit)); }),
                        HasSubstr("20000 bytes"));
            EXPECT_LE(in.source().given(), limit + 5'000);
            EXPECT_LE(in.capacity(), 2 * limit);
        }
        EXPECT_THROW(await(in.read_until("--", limit)), weft::line_too_long);
        EXPECT_THROW(await(in.read_all(limit)), weft::limit_exceeded);
        EXPECT_LE(in.source().given(), limit + 5'000) << "nothing more was read";
        EXPECT_EQ(await(in.read_exactly(10 * limit)).size(), 10 * limit) << "nothing was lost";
        EXPECT_EQ(in.capacity(), 0u) << "large memory is given back";
    });
}

TEST(buffered_reader, costs_nothing_for_bytes_that_were_announced_and_do_not_come) {
    on_every_loop([] {
        reader in(scripted_source("only this"));
        try {
            await(in.read_exactly(std::size_t{1} << 40));
            ADD_FAILURE() << "there were fewer";
        } catch (const weft::unexpected_end& e) {
            EXPECT_EQ(e.available(), 9u);
            EXPECT_THAT(e.what(), HasSubstr("9 of 1099511627776 bytes"));
        }
        EXPECT_EQ(await(in.read_exactly(4)), "only") << "they are still there";
        char rest[100];
        EXPECT_THROW(await(in.read_exactly(rest, 100)), weft::unexpected_end);
        EXPECT_EQ(await(in.read_until("i")), " th");
        EXPECT_THROW(await(in.read_until("--")), weft::unexpected_end);
        EXPECT_EQ(await(in.read_all(100)), "s");
        EXPECT_EQ(await(in.read_until("--")), std::nullopt);
        EXPECT_EQ(await(in.read_all(100)), "");
    });
}

TEST(buffered_reader, loses_no_byte_when_the_nth_call_of_its_source_fails) {
    on_every_loop([] {
        for (const bool for_ever : {false, true})
            for (int nth = 1;; ++nth) {
                reader in{scripted_source(std::string(script), 5)};
                in.source().fail(nth, for_ever);
                words got;
                int error = errno_of([&] { got = await(read_everything(in)); });
                if (error == 0) break;
                EXPECT_EQ(error, EIO);
                // What was given is taken; all else is in the reader or in the source.
                const std::string kept(in.buffered());
                in.source().fail(0);
                const std::string rest = await(in.read_all(1'000));
                EXPECT_TRUE(rest.starts_with(kept));
                EXPECT_TRUE(script.ends_with(rest)) << rest;
            }
    });
}

TEST(buffered_reader, loses_no_byte_of_a_read_that_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        for (int turns = 0; turns < 12; ++turns) {
            reader in(scripted_source("0123456789"));
            in.source().stays_open();
            auto h = spawn_as(kind, [&in] { return in.read_exactly(10); });
            for (int i = 0; i < turns; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            std::string all = h.successful() ? h.value() : "";
            in.source().append("end\n");
            all += *await(in.read_line());
            EXPECT_EQ(all, "0123456789end");
        }
    });
}

TEST(buffered_reader, goes_on_after_a_timeout) {
    in_both_kinds([](coroutine_kind kind) {
        reader in(scripted_source("begun, "));
        in.source().stays_open();
        const auto reads = [&in] { return in.read_line(); };
        const auto in_time = [&reads] { return weft::with_timeout(1ms, reads); };
        EXPECT_THROW(get_as(kind, in_time), weft::timed_out);
        EXPECT_EQ(in.buffered(), "begun, ");
        in.source().append("ended\n");
        EXPECT_EQ(get_as(kind, in_time), "begun, ended");
    });
}

TEST(buffered_reader, is_cancelled_at_an_await_that_needs_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        reader in(scripted_source("1\n2\n", 100));
        EXPECT_EQ(await(in.read_line()), "1");
        auto h = spawn_as(kind, [&in] { return in.read_line(); });
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
        EXPECT_EQ(await(in.read_line()), "2");
    });
}

TEST(buffered_reader, lets_others_run_while_it_has_much_to_give) {
    on_every_loop([] {
        std::string many;
        for (int i = 0; i < 10'000; ++i) many += "x\n";
        reader in(scripted_source(std::move(many), 20'000));
        bool ran = false;
        auto other = weft::spawn([&ran] { ran = true; });
        for (int i = 0; i < 10'000 && !ran; ++i) EXPECT_EQ(await(in.read_line()), "x");
        EXPECT_TRUE(ran);
        await(other);
    });
}

TEST(buffered_reader, is_for_one_reader_at_a_time) {
    in_both_kinds([](coroutine_kind kind) {
        reader in(scripted_source(""));
        in.source().stays_open();
        auto first = spawn_as(kind, [&in] { return in.read_line(); });
        until_it_waits(first);
        const auto second = [&in] { return in.read_exactly(1); };
        EXPECT_THAT(thrown<weft::usage_error>([&] { get_as(kind, second); }),
                    HasSubstr("another coroutine reads"));
        EXPECT_THROW(in.drop(0), weft::usage_error);
        EXPECT_THROW((void)in.read_until(""), weft::usage_error);
        first.cancel();
        await(first.join());
        in.source().append("x");
        EXPECT_EQ(await(in.read_exactly(1)), "x");
    });
}

TEST(buffered_reader, ends_the_program_when_it_is_destroyed_under_a_reader) {
    EXPECT_DEATH(weft::run([] {
                     std::optional<reader> in(std::in_place, scripted_source(""));
                     in->source().stays_open();
                     auto h = weft::spawn([&in] { return await(in->read_line()); });
                     until_it_waits(h);
                     in.reset();
                 }),
                 "destroyed while a coroutine reads");
}

TEST(buffered_reader, refers_to_a_source_or_owns_it) {
    on_every_loop([] {
        auto [client, server] = weft::memory_stream_pair();
        await(server.write_all("one\ntwo\n"));
        server.close();
        {
            buffered_reader refers(client);
            EXPECT_EQ(&refers.source(), &client);
            EXPECT_EQ(await(refers.peek(1)).substr(0, 1), "o");
            buffered_reader moved(std::move(refers));
            EXPECT_EQ(await(moved.read_line()), "one");
            EXPECT_EQ(await(moved.read_all(100)), "two\n");
        }
        EXPECT_EQ(await(client.write_some("")), 0u) << "it is open still";
        buffered_reader owns(std::move(client));
        EXPECT_EQ(await(owns.read_line()), std::nullopt);
    });
}

other::task<std::string> read_elsewhere(reader& in) {
    auto one = co_await in.read_line();
    auto two = co_await in.read_line();
    co_return *one + *two;
}

TEST(buffered_reader, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        reader in(scripted_source("1\n2\n", 100));
        auto both = read_elsewhere(in);
        both.start();
        until([&both] { return both.done(); });
        EXPECT_EQ(both.result(), "12");
        reader fails(scripted_source("1\n2"));
        fails.source().fail(4);
        auto error = read_elsewhere(fails);
        error.start();
        until([&error] { return error.done(); });
        EXPECT_EQ(errno_of([&error] { (void)error.result(); }), EIO);
    });
}

}  // namespace
