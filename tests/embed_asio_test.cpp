#if __has_include(<boost/asio/io_context.hpp>)

#include "weft/core/kinds_test.hpp"
#include "weft/core/run.hpp"
#include "weft/io/pipe.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>

// A loop within Boost.Asio: its descriptor is one of the foreign loop's.

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using weft::await;
using weft::task;

class within_asio {
public:
    within_asio(asio::io_context& foreign, weft::loop& mine)
        : mine_(mine), readable_(foreign, ::dup(mine.fd())) {
        wait();
    }
    void end() { readable_.close(); }

private:
    void wait() {
        readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [this](const boost::system::error_code& error) {
                                 if (error) return;
                                 mine_.run_ready();
                                 wait();
                             });
    }

    weft::loop& mine_;
    asio::posix::stream_descriptor readable_;
};

TEST(embedding_in_asio, interleaves_both_loops) {
    asio::io_context foreign;
    weft::loop mine(weft::options().watchdog({}));
    within_asio bridge(foreign, mine);
    int theirs = 0;
    int ours = 0;
    bool is_over = false;

    asio::steady_timer timer(foreign);
    std::function<void()> tick = [&] {
        timer.expires_after(200us);
        timer.async_wait([&](const boost::system::error_code& error) {
            if (error || is_over) return;
            ++theirs;
            tick();
        });
    };
    tick();

    const auto h = mine.spawn([&] {
        weft::pipe p;
        const auto reader = weft::spawn([&]() -> task<std::string> {
            char bytes[16];
            const std::size_t n = co_await p.reader.read_some(bytes, sizeof bytes);
            co_return std::string(bytes, n);
        });
        for (int i = 0; i < 10; ++i) {
            await(weft::sleep(300us));
            ++ours;
            asio::post(foreign, [&] { ++theirs; });
        }
        await(p.writer.write_all("between loops"));
        return await(reader);
    });
    h.link([&](const auto&) {
        is_over = true;
        timer.cancel();
        bridge.end();
    });
    foreign.run();
    EXPECT_EQ(h.value(), "between loops");
    EXPECT_EQ(ours, 10);
    EXPECT_GE(theirs, 10);
}

}  // namespace

#else

#include <gtest/gtest.h>

TEST(embedding_in_asio, interleaves_both_loops) {
    GTEST_SKIP() << "Boost.Asio is not installed (./test installs it on Debian)";
}

#endif
