// Unix sockets: as TCP, and descriptors can be passed.

#include "weft/net/unix_stream.hpp"

#include "weft/io/pipe.hpp"
#include "weft/net/net_test.hpp"
#include "weft/net/unix_listener.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using weft::address;
using weft::await;
using weft::owned_descriptor;
using weft::spawn;
using weft::unix_listener;
using weft::unix_stream;
using weft::testing::coroutine_kind;
using weft::testing::failure_code;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using namespace std::chrono_literals;

/// A folder of its own, for files of sockets.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-unix-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] address at(const std::string& name) const {
        return address::unix_path((path_ / name).string());
    }
    [[nodiscard]] bool has(const std::string& name) const {
        return std::filesystem::exists(path_ / name);
    }

private:
    std::filesystem::path path_;
};

TEST(unix_stream, pair_talks) {
    in_both_kinds([](coroutine_kind kind) {
        auto [near, far] = unix_stream::pair();
        get_as(kind, [&s = near] { return s.write_all(std::string_view("hello\n")); });
        EXPECT_EQ(get_as(kind, [&s = far] { return s.read_line(); }), "hello");
        near.close();
        EXPECT_EQ(get_as(kind, [&s = far] { return s.read_line(); }), std::nullopt);
    });
}

TEST(unix_stream, connects_to_a_listener) {
    in_both_kinds([](coroutine_kind kind) {
        const auto at = address::unix_abstract("weft.unix_stream_test");
        const unix_listener listener(at);
        unix_stream near = get_as(kind, [&] { return unix_stream::connect(at); });
        unix_stream far = get_as(kind, [&] { return listener.accept(); });
        await(far.write_all(std::string_view("hi")));
        far.close();
        EXPECT_EQ(await(near.read_all(10)), "hi");
    });
}

TEST(unix_stream, passes_a_descriptor) {
    in_both_kinds([](coroutine_kind kind) {
        auto [near, far] = unix_stream::pair();
        weft::pipe p;
        get_as(kind, [&s = near, &p] { return s.send_descriptor(p.writer.descriptor()); });
        p.writer.close();
        owned_descriptor passed = get_as(kind, [&s = far] { return s.receive_descriptor(); });
        {
            const weft::pipe_writer writer(passed.release());
            await(writer.write_all("through it"));
        }
        std::array<char, 32> bytes{};
        std::string got;
        while (const std::size_t n = await(p.reader.read_some(bytes.data(), bytes.size())))
            got.append(bytes.data(), n);
        EXPECT_EQ(got, "through it");
        near.close();
        EXPECT_FALSE(get_as(kind, [&s = far] { return s.receive_descriptor(); })) << "the end";
    });
}

TEST(unix_stream, says_that_bytes_came_without_a_descriptor) {
    in_both_kinds([](coroutine_kind kind) {
        auto [near, far] = unix_stream::pair();
        await(near.write_all(std::string_view("x")));
        auto waits = spawn_as(kind, [&s = far] { return s.receive_descriptor(); });
        await(waits.join());
        EXPECT_EQ(failure_code(waits), std::errc::bad_message);
    });
}

TEST(unix_stream, to_nobody_is_refused) {
    in_both_kinds([](coroutine_kind kind) {
        auto connects = spawn_as(
            kind, [] { return unix_stream::connect(address::unix_abstract("weft.nobody")); });
        await(connects.join());
        EXPECT_EQ(failure_code(connects), std::errc::connection_refused);
    });
}

// Files are the kernel's only.
TEST(unix_listener, makes_a_file_and_removes_it) {
    const folder here;
    weft::run([&] {
        {
            const unix_listener listener(here.at("s"));
            EXPECT_TRUE(here.has("s"));
            EXPECT_EQ(listener.local_address(), here.at("s"));
            try {
                const unix_listener second(here.at("s"));
                ADD_FAILURE() << "two listen at one path";
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::address_in_use);
            }
            EXPECT_TRUE(here.has("s")) << "the failed one left it alone";
        }
        EXPECT_FALSE(here.has("s"));
    });
}

TEST(unix_listener, replaces_what_a_killed_server_left_behind) {
    const folder here;
    weft::run([&] {
        {
            unix_listener killed(here.at("s"));
            ::close(killed.release());  // no file is removed
        }
        EXPECT_TRUE(here.has("s"));
        const unix_listener listener(here.at("s"));
        auto client = spawn(unix_stream::connect(here.at("s")));
        const unix_stream peer = await(listener.accept());
        EXPECT_EQ(peer.credentials().process, ::getpid());
        await(client);
    });
}

// A full queue is no readiness that epoll would report.
TEST(unix_stream, waits_while_the_listener_is_busy) {
    const folder here;
    weft::run([&] {
        const unix_listener listener(here.at("s"), 1);
        std::vector<weft::join_handle<unix_stream>> clients;
        for (int i = 0; i < 8; ++i) clients.push_back(spawn(unix_stream::connect(here.at("s"))));
        await(weft::sleep(2ms));
        std::vector<unix_stream> peers;
        for (int i = 0; i < 8; ++i) peers.push_back(await(listener.accept()));
        for (auto& client : clients) EXPECT_TRUE(await(client));
    });
}

}  // namespace
