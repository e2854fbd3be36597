#include "weft/stream/buffered_writer.hpp"

#include "weft/core/foreign_test.hpp"
#include "weft/stream/memory_stream.hpp"
#include "weft/stream/stream_test.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace {

using namespace weft::testing;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using weft::await;
using weft::buffered_writer;
using weft::task;

using writer = buffered_writer<scripted_sink>;
using gathering_writer = buffered_writer<gathering_scripted_sink>;

/// Messages of many sizes, around that of the buffer.
constexpr std::size_t capacity = 8;
const std::vector<std::string>& messages() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> made;
        for (const std::size_t n : {3u, 0u, 5u, 1u, 8u, 2u, 7u, 30u, 4u, 4u, 1u, 9u})
            made.push_back(numbered_bytes(n));
        return made;
    }();
    return all;
}
std::string all_messages() {
    std::string all;
    for (const std::string& m : messages()) all += m;
    return all;
}
template <class Writer>
task<> write_messages(Writer& out) {
    for (const std::string& m : messages()) co_await out.write(m);
    co_await out.flush();
}
void write_messages_in_fiber(writer& out) {
    for (const std::string& m : messages()) await(out.write(m));
    await(out.flush());
}

TEST(buffered_writer, writes_everything_in_its_order) {
    on_every_loop([] {
        for (const std::size_t at_most : {1u, 3u, 8u, 100u}) {
            writer out(scripted_sink(at_most), capacity);
            await(write_messages(out));
            EXPECT_EQ(out.sink().taken(), all_messages());
            write_messages_in_fiber(out);
            EXPECT_EQ(out.sink().taken(), all_messages() + all_messages());
            gathering_writer gathers(gathering_scripted_sink(at_most), capacity);
            await(write_messages(gathers));
            EXPECT_EQ(gathers.sink().taken(), all_messages());
            EXPECT_EQ(gathers.written(), all_messages().size());
            EXPECT_EQ(gathers.buffered(), 0u);
        }
    });
}

TEST(buffered_writer, awaits_only_when_its_buffer_is_full) {
    on_every_loop([] {
        gathering_writer out(gathering_scripted_sink(100), capacity);
        await(out.write("1234"));
        await(out.write("5678"));
        await(out.flush());
        await(out.flush());
        EXPECT_EQ(out.sink().calls(), 1);
        await(out.write("abc"));
        EXPECT_EQ(out.buffered(), 3u);
        EXPECT_EQ(out.accepted(), 11u);
        await(out.write("a large one"));
        EXPECT_EQ(out.sink().taken(), "12345678abca large one");
        EXPECT_THAT(out.sink().pieces(), ElementsAre(1, 2)) << "with what was buffered";
        await(out.write("123456789"));
        EXPECT_THAT(out.sink().pieces(), ElementsAre(1, 2, 1)) << "nothing was";
        await(out.write(""));
        EXPECT_EQ(out.sink().calls(), 3);
    });
}

TEST(buffered_writer, writes_nothing_twice_when_the_nth_call_of_its_sink_fails) {
    on_every_loop([] {
        for (int nth = 1;; ++nth) {
            writer out(scripted_sink(3), capacity);
            out.sink().fail(nth);
            std::size_t failed_at = 0;
            for (const std::string& m : messages()) {
                const std::uint64_t accepted = out.accepted();
                const std::uint64_t written = out.written();
                try {
                    await(out.write(m));
                } catch (const weft::write_error& e) {
                    ++failed_at;
                    EXPECT_EQ(e.code().value(), EIO);
                    EXPECT_EQ(e.written(), out.written() - written);
                    // Whole or not at all.
                    if (out.accepted() == accepted)
                        await(out.write(m));
                    else
                        EXPECT_EQ(out.accepted(), accepted + m.size());
                }
            }
            if (failed_at == 0) {
                EXPECT_EQ(errno_of([&] { await(out.flush()); }),
                          nth <= out.sink().calls() ? EIO : 0);
            }
            await(out.flush());
            EXPECT_EQ(out.sink().taken(), all_messages());
            if (nth > out.sink().calls()) break;
        }
    });
}

TEST(buffered_writer, writes_nothing_twice_and_no_part_when_it_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string bytes = numbered_bytes(20);
        for (int turns = 0; turns < 40; ++turns) {
            writer out(scripted_sink(2), capacity);
            await(out.write("before"));
            auto h = spawn_as(kind, [&] { return out.write(bytes); });
            for (int i = 0; i < turns; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            const bool whole = out.accepted() > 6;
            EXPECT_EQ(out.accepted(), whole ? 26u : 6u);
            EXPECT_TRUE(whole || h.was_cancelled());
            await(out.write("!"));
            await(out.flush());
            EXPECT_EQ(out.sink().taken(), "before" + (whole ? bytes : "") + "!");
        }
    });
}

TEST(buffered_writer, flushes_the_rest_after_a_flush_that_was_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        for (int turns = 0; turns < 12; ++turns) {
            writer out(scripted_sink(1), capacity);
            await(out.write("1234567"));
            auto h = spawn_as(kind, [&] { return out.flush(); });
            for (int i = 0; i < turns; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            await(out.flush());
            EXPECT_EQ(out.sink().taken(), "1234567");
        }
    });
}

TEST(buffered_writer, is_for_one_writer_at_a_time) {
    in_both_kinds([](coroutine_kind kind) {
        auto [to, from] = weft::memory_stream_pair(1);
        buffered_writer out(to, capacity);
        await(out.write("12"));
        auto first = spawn_as(kind, [&out] { return out.flush(); });
        until_it_waits(first);
        EXPECT_THAT(thrown<weft::usage_error>([&] { await(out.write("x")); }),
                    HasSubstr("another coroutine writes"));
        EXPECT_THROW(await(out.flush()), weft::usage_error);
        char byte[1];
        await(from.read_some(byte, 1));
        await(first);
        await(out.write("x"));
        await(from.read_some(byte, 1));
        await(out.flush());
    });
}

TEST(buffered_writer, ends_the_program_when_it_is_destroyed_under_a_writer) {
    EXPECT_DEATH(weft::run([] {
                     auto [to, from] = weft::memory_stream_pair(1);
                     std::optional<buffered_writer<weft::memory_stream&>> out(std::in_place, to, 8);
                     auto h = weft::spawn([&out] { await(out->write("longer than eight")); });
                     until_it_waits(h);
                     out.reset();
                 }),
                 "destroyed while a coroutine writes");
}

TEST(buffered_writer, reports_what_was_never_flushed) {
    on_every_loop([] {
        const captured_unhandled reports;
        {
            writer out(scripted_sink(1), capacity);
            await(out.write("lost"));
            writer moved(std::move(out));
        }
        EXPECT_THAT(reports.all(),
                    ElementsAre(::testing::AllOf(HasSubstr("4 bytes"), HasSubstr("await flush()"),
                                                 HasSubstr("buffered_writer"))));
    });
}

TEST(buffered_writer, does_not_report_what_is_known) {
    on_every_loop([] {
        const captured_unhandled reports;
        try {
            writer out(scripted_sink(1), capacity);
            await(out.write("lost"));
            throw std::runtime_error("something else went wrong");
        } catch (const std::runtime_error&) {}
        writer failed(scripted_sink(1), capacity);
        failed.sink().fail(1, true);
        await(failed.write("lost"));
        EXPECT_EQ(errno_of([&] { await(failed.flush()); }), EIO);
        const auto writes = []() -> task<> {
            writer out(scripted_sink(1), capacity);
            co_await out.write("lost");
            co_await for_ever();
        };
        auto h = weft::spawn(writes());
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_THAT(reports.all(), IsEmpty());
    });
}

other::task<int> write_elsewhere(writer& out) {
    co_await out.write("12345");
    co_await out.write("6789");
    co_await out.flush();
    co_return static_cast<int>(out.written());
}

TEST(buffered_writer, can_be_awaited_by_coroutines_of_other_libraries) {
    on_every_loop([] {
        writer out(scripted_sink(2), capacity);
        auto all = write_elsewhere(out);
        all.start();
        until([&all] { return all.done(); });
        EXPECT_EQ(all.result(), 9);
        EXPECT_EQ(out.sink().taken(), "123456789");
    });
}

}  // namespace
