// A server that runs out of descriptors: it pauses, and recovers. The kernel's sockets only.

#include "weft/net/serve.hpp"

#include "weft/base/descriptor_limit_test.hpp"
#include "weft/net/net_test.hpp"

#include <string>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::serve;
using weft::serve_options;
using weft::spawn;
using weft::task;
using weft::tcp_listener;
using weft::tcp_stream;
using weft::testing::descriptor_limit;
using weft::testing::failure_code;

task<> echo(tcp_stream peer) {
    while (auto line = co_await peer.read_line()) {
        *line += '\n';
        co_await peer.write_all(*line);
    }
}

TEST(serve_without_descriptors, pauses_and_goes_on_when_there_are_some) {
    weft::run(weft::options().watchdog({}), [] {
        tcp_listener listener(address::loopback(0));
        std::vector<std::string> reports;
        auto how = serve_options{}.on_error(
            [&](const std::exception_ptr& e) { reports.push_back(weft::describe_exception(e)); });
        auto server = spawn([&] { await(serve(listener, echo, how)); });
        const descriptor_limit limit(12);
        tcp_stream client = await(tcp_stream::connect(listener.local_address()));
        await(client.write_all(std::string_view("one\n")));
        EXPECT_EQ(await(client.read_line()), "one");

        auto taken = descriptor_limit::take_all();
        taken.pop_back();  // for the client's socket; there is none for the server's
        tcp_stream waits = await(tcp_stream::connect(listener.local_address()));
        await(waits.write_all(std::string_view("two\n")));
        weft::testing::until([&] { return !reports.empty(); });
        EXPECT_NE(reports.front().find("Too many open files"), std::string::npos);
        await(client.write_all(std::string_view("those who are there are served\n")));
        EXPECT_EQ(await(client.read_line()), "those who are there are served");

        taken.clear();
        EXPECT_EQ(await(waits.read_line()), "two");
        EXPECT_EQ(reports.size(), 1u) << "a pause is reported once";
        client.close();
        waits.close();
        listener.close();
        await(server);
    });
}

TEST(serve_without_descriptors, goes_on_when_a_connection_ends) {
    weft::run(weft::options().watchdog({}), [] {
        tcp_listener listener(address::loopback(0));
        auto server = spawn(
            [&] { await(serve(listener, echo, serve_options{}.on_error([](const auto&) {}))); });
        const descriptor_limit limit(12);
        std::vector<tcp_stream> clients;
        for (;;) {
            auto connects = spawn(tcp_stream::connect(listener.local_address()));
            await(connects.join());
            if (!connects.successful()) {
                EXPECT_EQ(failure_code(connects), std::errc::too_many_files_open);
                break;
            }
            clients.push_back(std::move(connects.value()));
        }
        ASSERT_GE(clients.size(), 6u);
        // Each that goes makes room for two ends; in the end all have been served.
        while (!clients.empty()) {
            await(clients.front().write_all(std::string_view("last\n")));
            EXPECT_EQ(await(clients.front().read_line()), "last");
            clients.erase(clients.begin());
        }
        listener.close();
        await(server);
    });
}

TEST(tcp_stream, without_descriptors_cannot_be_made) {
    weft::run(weft::options().watchdog({}), [] {
        const tcp_listener listener(address::loopback(0));
        const descriptor_limit limit(4);
        const auto taken = descriptor_limit::take_all();
        auto connects = spawn(tcp_stream::connect(listener.local_address()));
        await(connects.join());
        EXPECT_EQ(failure_code(connects), std::errc::too_many_files_open);
    });
}

}  // namespace
