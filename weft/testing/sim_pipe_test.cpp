#include "weft/testing/sim_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <string>

namespace {

using weft::detail::direction;
using weft::testing::make_sim_pipe;

TEST(sim_pipe, passes_bytes_in_order_whatever_the_sizes) {
    const auto [in, out] = make_sim_pipe(10);
    std::string sent;
    std::string received;
    std::size_t at = 0;
    for (int i = 0; i < 1000; ++i) sent += static_cast<char>('a' + i * 7 % 26);
    for (std::size_t step = 1; received.size() < sent.size(); ++step) {
        const std::size_t want = std::min(step * 3 % 11, sent.size());
        std::string bytes(step * 5 % 13, '\0');
        if (const auto n = out->write(sent.data() + at, std::min(want, sent.size() - at)); n > 0)
            at += static_cast<std::size_t>(n);
        if (const auto n = in->read(bytes.data(), bytes.size()); n > 0)
            received.append(bytes, 0, static_cast<std::size_t>(n));
        ASSERT_LE(in->available(direction::in), 10u);
    }
    EXPECT_EQ(received, sent);
}

TEST(sim_pipe, takes_what_there_is_room_for) {
    const auto [in, out] = make_sim_pipe(4);
    EXPECT_FALSE(in->is_ready(direction::in));
    EXPECT_EQ(out->available(direction::out), 4u);
    EXPECT_EQ(out->write("abcdef", 6), 4);
    EXPECT_FALSE(out->is_ready(direction::out));
    EXPECT_EQ(out->write("x", 1), -EAGAIN);
    EXPECT_EQ(out->write("", 0), 0);
    char bytes[8];
    EXPECT_EQ(in->read(bytes, 8), 4);
    EXPECT_EQ(in->read(bytes, 8), -EAGAIN);
}

TEST(sim_pipe, ends_when_the_writer_does) {
    auto [in, out] = make_sim_pipe();
    EXPECT_EQ(out->write("ab", 2), 2);
    EXPECT_FALSE(in->is_ready(direction::out));
    out.reset();
    char bytes[8];
    EXPECT_EQ(in->read(bytes, 8), 2);
    EXPECT_EQ(in->read(bytes, 8), 0);
    EXPECT_TRUE(in->is_ready(direction::in));
    EXPECT_TRUE(in->is_ready(direction::out)) << "as poll says POLLHUP";
}

TEST(sim_pipe, breaks_when_the_reader_is_gone) {
    auto [in, out] = make_sim_pipe();
    EXPECT_FALSE(out->is_ready(direction::in));
    in.reset();
    EXPECT_EQ(out->write("ab", 2), -EPIPE);
    EXPECT_TRUE(out->is_ready(direction::out));
    EXPECT_TRUE(out->is_ready(direction::in)) << "as poll says POLLERR";
}

TEST(sim_pipe, each_end_goes_one_way) {
    const auto [in, out] = make_sim_pipe();
    char byte = 0;
    EXPECT_EQ(in->write(&byte, 1), -EBADF);
    EXPECT_EQ(out->read(&byte, 1), -EBADF);
    EXPECT_EQ(in->permits(direction::out), -EBADF);
    EXPECT_EQ(out->permits(direction::out), 0);
}

}  // namespace
