// Names.

#include "weft/net/resolve.hpp"

#include "weft/net/net_test.hpp"

#include <string>
#include <vector>

namespace {

using weft::address;
using weft::address_family;
using weft::await;
using weft::resolve;
using weft::resolve_options;
using weft::resolver_errc;
using weft::task;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::spawn_as;
using weft::testing::until_it_waits;
using namespace std::chrono_literals;

TEST(resolve, gives_numeric_addresses_without_asking) {
    in_both_kinds([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, [] { return resolve("127.0.0.1", 80); }),
                  std::vector<address>{address::loopback(80)});
        EXPECT_EQ(get_as(kind, [] { return resolve("::1", 80); }),
                  std::vector<address>{address::loopback_v6(80)});
    });
}

TEST(resolve, knows_localhost) {
    weft::run([] {
        const auto all = await(resolve("localhost", 80));
        ASSERT_FALSE(all.empty());
        for (const address& one : all) {
            EXPECT_TRUE(one.is_loopback()) << one.to_string();
            EXPECT_EQ(one.port(), 80);
        }
    });
}

TEST(resolve, of_another_family_finds_nothing) {
    in_both_kinds([](coroutine_kind kind) {
        auto h = spawn_as(kind, [] {
            return resolve("127.0.0.1", 80, resolve_options{}.family(address_family::v6));
        });
        await(h.join());
        try {
            static_cast<void>(h.value());
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), resolver_errc::not_found);
            EXPECT_NE(std::string(e.what()).find("'127.0.0.1'"), std::string::npos) << e.what();
        }
    });
}

// RFC 6761: this name never exists.
TEST(resolve, of_what_is_not_there_throws) {
    weft::run([] {
        try {
            await(resolve("no-such-host.invalid"));
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(&e.code().category(), &weft::resolver_category()) << e.what();
        }
    });
}

class slow_resolver final : public weft::resolver {
public:
    task<std::vector<address>> resolve(std::string, std::uint16_t port, resolve_options) override {
        return answer(port);
    }

private:
    static task<std::vector<address>> answer(std::uint16_t port) {
        co_await weft::sleep(1h);
        std::vector<address> one{address::loopback(port)};
        co_return one;
    }
};

TEST(resolve, by_another_resolver_can_be_cancelled) {
    in_both_kinds([](coroutine_kind kind) {
        slow_resolver slow;
        auto h = spawn_as(kind, [&] { return resolve_by(slow, "example.com", 80); });
        until_it_waits(h);
        h.cancel();
        await(h.join());
        EXPECT_TRUE(h.was_cancelled());
    });
}

}  // namespace
