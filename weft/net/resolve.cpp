#include "weft/net/resolve.hpp"

#include "weft/io/offload.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <utility>

namespace weft {
namespace {

class resolver_errors final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "resolver"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<resolver_errc>(value)) {
            case resolver_errc::not_found: return "there is no such host";
            case resolver_errc::try_again: return "no answer for now, try again";
            case resolver_errc::failed: return "the name servers refuse to answer";
        }
        return "unknown error of a resolver";
    }
};

int domain_of(address_family f) noexcept {
    if (f == address_family::v4) return AF_INET;
    return f == address_family::v6 ? AF_INET6 : AF_UNSPEC;
}

[[noreturn]] void throw_resolver_error(int error, const std::string& host) {
    const std::string what = "resolving '" + host + "'";
    switch (error) {
        case EAI_NONAME:
        case EAI_NODATA:
        case EAI_ADDRFAMILY: throw std::system_error(resolver_errc::not_found, what);
        case EAI_AGAIN: throw std::system_error(resolver_errc::try_again, what);
        case EAI_SYSTEM: throw std::system_error(errno, std::generic_category(), what);
        case EAI_MEMORY: throw std::bad_alloc();
        default: throw std::system_error(resolver_errc::failed, what);
    }
}

/// Blocks.
std::vector<address> look_up(std::string host, std::uint16_t port, resolve_options how) {
    addrinfo hints{};
    hints.ai_family = domain_of(how.family());
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0)
        throw_resolver_error(error, host);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> kept(list, &::freeaddrinfo);
    std::vector<address> all;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        const address a = address::from_bytes(one->ai_addr, one->ai_addrlen).with_port(port);
        if (std::ranges::find(all, a) == all.end()) all.push_back(a);
    }
    if (all.empty()) throw_resolver_error(EAI_NODATA, host);
    return all;
}

class offloading_resolver final : public resolver {
public:
    task<std::vector<address>> resolve(std::string host, std::uint16_t port,
                                       resolve_options how) override {
        return ask(std::move(host), port, how);
    }

private:
    static task<std::vector<address>> ask(std::string host, std::uint16_t port,
                                          resolve_options how) {
        auto call = offload(look_up, std::move(host), port, how).abandon_on_cancel();
        co_return co_await std::move(call);
    }
};

std::vector<address> numeric(const std::string& host, std::uint16_t port, resolve_options how) {
    std::vector<address> one;
    try {
        one.push_back(address::ip(host, port));
    } catch (const std::invalid_argument&) {
        return one;
    }
    if (how.family() != address_family::none && how.family() != one.front().family())
        throw_resolver_error(EAI_ADDRFAMILY, host);
    return one;
}

}  // namespace

resolver::~resolver() = default;

resolver& system_resolver() noexcept {
    static offloading_resolver the_one;
    return the_one;
}

const std::error_category& resolver_category() noexcept {
    static const resolver_errors the_one;
    return the_one;
}

task<std::vector<address>> resolve(std::string host, std::uint16_t port, resolve_options how) {
    return resolve_by(system_resolver(), std::move(host), port, how);
}

task<std::vector<address>> resolve_by(resolver& by, std::string host, std::uint16_t port,
                                      resolve_options how) {
    std::vector<address> known = numeric(host, port, how);
    if (!known.empty()) co_return known;
    co_return co_await by.resolve(std::move(host), port, how);
}

}  // namespace weft
