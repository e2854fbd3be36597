#include "weft/stream/write_all.hpp"

#include "weft/stream/buffered_reader.hpp"
#include "weft/stream/copy.hpp"
#include "weft/stream/memory_stream.hpp"
#include "weft/stream/stream_test.hpp"

#include <numeric>
#include <span>

namespace {

using namespace weft::testing;
using ::testing::ElementsAre;
using weft::await;
using weft::copy_error;

/// More pieces than are shown at a time, some of them empty.
std::vector<std::string> many_pieces() {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < 40; ++i) all.push_back(numbered_bytes(i % 5));
    return all;
}

template <class Sink>
void expect_all_written(std::size_t at_most) {
    const std::vector<std::string> texts = many_pieces();
    const std::vector<std::string_view> pieces(texts.begin(), texts.end());
    const std::string all = std::accumulate(texts.begin(), texts.end(), std::string());
    Sink sink(at_most);
    EXPECT_EQ(await(weft::write_all(sink, pieces)), all.size());
    EXPECT_EQ(sink.taken(), all);
    for (int nth = 1;; ++nth) {
        Sink fails(at_most);
        fails.fail(nth);
        try {
            await(weft::write_all(fails, pieces));
            break;
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code().value(), EIO);
            EXPECT_EQ(e.written(), fails.taken().size());
            EXPECT_EQ(fails.taken(), all.substr(0, e.written()));
        }
    }
}

TEST(write_all, writes_all_pieces_in_their_order) {
    on_every_loop([] {
        for (const std::size_t at_most : {7u, 1'000u}) {
            expect_all_written<scripted_sink>(at_most);
            expect_all_written<gathering_scripted_sink>(at_most);
        }
    });
}

TEST(write_all, shows_a_gathering_sink_many_pieces_at_once) {
    in_both_kinds([](coroutine_kind kind) {
        gathering_scripted_sink sink(4);
        const std::string body = "body";
        const auto writes = [&] { return weft::write_all(sink, "head", std::string_view(), body); };
        EXPECT_EQ(get_as(kind, writes), 8u);
        EXPECT_EQ(sink.taken(), "headbody");
        EXPECT_THAT(sink.pieces(), ElementsAre(3, 1));
        EXPECT_EQ(await(weft::write_all(sink, "", "")), 0u);
        EXPECT_EQ(sink.calls(), 2);
    });
}

TEST(copy, copies_until_the_end) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string text = numbered_bytes(300);
        for (const std::size_t at_most : {1u, 50u, 1'000u}) {
            scripted_source from(text, at_most);
            scripted_sink to(at_most / 2 + 1);
            const auto copies = [&] { return weft::copy(from, to); };
            EXPECT_EQ(get_as(kind, copies), 300u);
            EXPECT_EQ(to.taken(), text);
        }
    });
}

TEST(copy, is_slowed_by_a_slow_sink) {
    on_every_loop([] {
        auto [in, source] = weft::memory_stream_pair(10);
        auto [sink, out] = weft::memory_stream_pair(10);
        auto writes = weft::spawn([&into = source] {
            for (std::size_t i = 0; i < 10; ++i)
                await(into.write_all(numbered_bytes(100).substr(10 * i, 10)));
            into.close_write();
        });
        auto copies = weft::spawn(weft::copy(in, sink));
        settle();
        EXPECT_FALSE(writes.ready()) << "nobody reads";
        weft::buffered_reader reads(out);
        EXPECT_EQ(await(reads.read_exactly(100)), numbered_bytes(100));
        EXPECT_EQ(await(copies), 100u);
        await(writes);
    });
}

TEST(copy, tells_which_side_failed_and_keeps_what_a_buffer_shows) {
    on_every_loop([] {
        const std::string text = numbered_bytes(20);
        for (const auto side : {copy_error::side::source, copy_error::side::sink})
            for (int nth = 1;; ++nth) {
                weft::buffered_reader<scripted_source> from(scripted_source(text, 7));
                scripted_sink to(3);
                if (side == copy_error::side::source)
                    from.source().fail(nth);
                else
                    to.fail(nth);
                try {
                    await(weft::copy(from, to));
                    EXPECT_EQ(to.taken(), text);
                    break;
                } catch (const copy_error& e) {
                    EXPECT_EQ(e.failed(), side);
                    EXPECT_EQ(e.code().value(), EIO);
                    EXPECT_EQ(e.written(), to.taken().size());
                }
                await(weft::copy(from, to));
                EXPECT_EQ(to.taken(), text) << "nothing was lost, nothing was written twice";
            }
        scripted_source plain(text, 7);
        plain.fail(2);
        scripted_sink to(100);
        EXPECT_EQ(errno_of([&] { await(weft::copy(plain, to)); }), EIO);
        EXPECT_EQ(to.taken(), text.substr(0, 7));
    });
}

TEST(copy, loses_nothing_of_a_buffer_when_it_is_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        const std::string text = numbered_bytes(20);
        for (int turns = 0; turns < 30; ++turns) {
            weft::buffered_reader<scripted_source> from(scripted_source(text, 7));
            scripted_sink to(3);
            auto h = spawn_as(kind, [&] { return weft::copy(from, to); });
            for (int i = 0; i < turns; ++i) await(weft::yield_now());
            h.cancel();
            await(h.join());
            await(weft::copy(from, to));
            EXPECT_EQ(to.taken(), text);
        }
    });
}

}  // namespace
