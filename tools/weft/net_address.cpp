#include "net_address.hpp"

#include "weft/net/resolve.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace weft::tool {

std::string fault_of_address(const std::string& text) {
    if (const auto parsed = address::try_parse(text)) {
        if (parsed->family() == address_family::local)
            return fmt::format("'{}' is a unix socket; this takes HOST:PORT", text);
        return {};
    }
    try {
        if (host_and_port::parse(text).host.empty())
            return fmt::format("'{}' names no host; write [::]:80 for any address of IPv6", text);
        return {};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

task<std::vector<address>> find_addresses(std::string text) {
    if (const auto parsed = address::try_parse(text)) co_return std::vector<address>(1, *parsed);
    host_and_port parts = host_and_port::parse(text);
    co_return co_await resolve(std::move(parts.host), parts.port);
}

}  // namespace weft::tool
