// Addresses: from text and back, and what is no address.

#include "weft/net/address.hpp"

#include "weft/base/thrown_test.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>

namespace {

using weft::address;
using weft::address_family;
using weft::host_and_port;
using weft::testing::thrown;

TEST(address, is_written_as_it_is_read) {
    for (const char* text :
         {"127.0.0.1:80", "255.255.255.255:65535", "[::1]:8080", "[::]:0", "[2001:db8::ff]:443",
          "unix:/run/x.sock", "unix:@abstract", "unix:@with space"})
        EXPECT_EQ(address::parse(text).to_string(), text);
    EXPECT_EQ(address::parse(":80").to_string(), "0.0.0.0:80");
    EXPECT_EQ(address::parse("[0:0::1]:1"), address::loopback_v6(1));
}

TEST(address, has_parts) {
    const address a = address::parse("[::1]:8080");
    EXPECT_EQ(a.family(), address_family::v6);
    EXPECT_EQ(a.host(), "::1");
    EXPECT_EQ(a.port(), 8080);
    EXPECT_EQ(a.with_port(1), address::loopback_v6(1));
    EXPECT_EQ(address::unix_path("/x").port(), 0);
    EXPECT_EQ(address::unix_path("/x").with_port(7), address::unix_path("/x"));
    EXPECT_EQ(address::unix_path("/x").host(), "/x");
    EXPECT_NE(address::unix_path("x"), address::unix_abstract("x"));
}

TEST(address, tells_loopback) {
    EXPECT_TRUE(address::parse("127.9.9.9:1").is_loopback());
    EXPECT_TRUE(address::loopback_v6(1).is_loopback());
    EXPECT_TRUE(address::unix_path("/x").is_loopback());
    EXPECT_FALSE(address::any(1).is_loopback());
    EXPECT_FALSE(address().is_loopback());
}

TEST(address, of_an_interface_keeps_it) {
    const address a = address::ip("fe80::1%lo", 5);
    EXPECT_EQ(a.to_string(), "[fe80::1%lo]:5");
    EXPECT_NE(a, address::ip("fe80::1", 5));
    EXPECT_EQ(address::ip("fe80::1%1", 5), a) << "by its number";
    EXPECT_FALSE(address::try_parse("[fe80::1%no-such-thing]:5"));
}

TEST(address, refuses_what_is_none) {
    for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                             "127.0.0.1:8x", "127.0.0.1: 80", "::1:80", "[::1]", "[::1:80", "[]:80",
                             "[127.0.0.1:80", "localhost:80", "1.2.3:80", "unix:", "unix:@"})
        EXPECT_FALSE(address::try_parse(text)) << text;
    EXPECT_NE(thrown<std::invalid_argument>([] {
                  return address::parse("localhost:80");
              }).find("'localhost:80' is no address"),
              std::string::npos);
    EXPECT_NE(thrown<std::invalid_argument>([] {
                  return address::ip("localhost", 80);
              }).find("weft::resolve()"),
              std::string::npos);
    const std::string long_path(200, 'x');
    EXPECT_NE(thrown<std::invalid_argument>([&] { return address::unix_path(long_path); }), "");
    EXPECT_FALSE(address::try_parse("unix:" + long_path));
}

TEST(address, without_one_is_none) {
    const address none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.family(), address_family::none);
    EXPECT_EQ(none.to_string(), "(none)");
    EXPECT_EQ(none.domain(), AF_UNSPEC);
    const sa_family_t unnamed = AF_UNIX;
    EXPECT_FALSE(address::from_bytes(&unnamed, sizeof unnamed)) << "an unnamed unix socket";
}

TEST(host_and_port, are_split) {
    const auto a = host_and_port::parse("example.com:80");
    EXPECT_EQ(a.host, "example.com");
    EXPECT_EQ(a.port, 80);
    EXPECT_EQ(host_and_port::parse("[::1]:1").host, "::1");
    EXPECT_EQ(host_and_port::parse(":1").host, "");
    for (const char* text : {"example.com", "a:b:1", "[::1]", "x:99999"})
        EXPECT_NE(thrown<std::invalid_argument>([&] { return host_and_port::parse(text); }), "")
            << text;
}

}  // namespace
