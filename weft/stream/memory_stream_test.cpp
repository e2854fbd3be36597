#include "weft/stream/memory_stream.hpp"

#include "weft/stream/stream_test.hpp"

#include <span>
#include <string>

namespace {

using namespace weft::testing;
using weft::await;
using weft::memory_stream;
using weft::task;

task<std::string> read_to_end(memory_stream& s) {
    std::string all;
    char bytes[10];
    std::size_t n = 0;
    do {
        n = co_await s.read_some(std::as_writable_bytes(std::span(bytes)));
        all.append(bytes, n);
    } while (n != 0);
    co_return all;
}
task<std::string> ask(memory_stream& s) {
    co_await s.write_all("question");
    s.close_write();
    co_return co_await read_to_end(s);
}

TEST(memory_stream, is_two_pipes_that_close_one_after_the_other) {
    in_both_kinds([](coroutine_kind kind) {
        auto [client, server] = weft::memory_stream_pair(3);
        auto asks = spawn_as(kind, [&end = client] { return ask(end); });
        EXPECT_EQ(await(read_to_end(server)), "question");
        await(server.write_all("answer"));
        server.close();
        EXPECT_EQ(await(asks), "answer");
        EXPECT_EQ(errno_of([&] { await(client.write_some("more")); }), EBADF);
        EXPECT_EQ(errno_of([&] { await(server.write_some("more")); }), EBADF);
        EXPECT_EQ(errno_of([&] { await(read_to_end(server)); }), EBADF);
    });
}

TEST(memory_stream, gives_the_end_to_who_is_left_alone) {
    in_both_kinds([](coroutine_kind kind) {
        auto [client, server] = weft::memory_stream_pair();
        auto reads = spawn_as(kind, [&end = client] { return read_to_end(end); });
        until_it_waits(reads);
        server = memory_stream();
        EXPECT_EQ(await(reads), "");
        EXPECT_EQ(errno_of([&] { await(client.write_some("x")); }), EPIPE);
    });
}

}  // namespace
