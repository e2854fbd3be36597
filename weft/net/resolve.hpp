#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"
#include "weft/net/address.hpp"

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

/// From names of hosts to addresses.
namespace weft {

/// Which addresses are wanted.
class WEFT_EXPORT resolve_options {
public:
    resolve_options() noexcept = default;
    /// `address_family::v4` or `v6` only. Default: both.
    resolve_options& family(address_family f) noexcept {
        family_ = f;
        return *this;
    }
    [[nodiscard]] address_family family() const noexcept { return family_; }

private:
    address_family family_ = address_family::none;
};

/// What looks names up. Its functions are called on the loop's thread.
class WEFT_EXPORT resolver {
public:
    resolver() noexcept = default;
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;
    virtual ~resolver();

    /// The addresses of `host` with `port`, best first, at least one. Throws `std::system_error` of
    /// `resolver_category`, or of what went wrong on the way. Can be cancelled.
    [[nodiscard]] virtual task<std::vector<address>> resolve(std::string host, std::uint16_t port,
                                                             resolve_options how) = 0;
};

/// That of the system: getaddrinfo(3), on a thread of `offload`. A wait that is cancelled is over
/// at once, its thread when the call is.
[[nodiscard]] WEFT_EXPORT resolver& system_resolver() noexcept;

/// The addresses of `host` with `port`, best first, at least one; a numeric one is given without
/// asking anybody. Throws `std::system_error`, with `resolver_errc` for names that there are not.
///
/// ```cpp
/// weft::task<weft::address> first_of(std::string host) {
///     const auto all = co_await weft::with_timeout(std::chrono::seconds(2), weft::resolve, host,
///                                                  std::uint16_t(443), weft::resolve_options());
///     co_return all.front();
/// }
/// ```
[[nodiscard]] WEFT_EXPORT task<std::vector<address>> resolve(std::string host,
                                                             std::uint16_t port = 0,
                                                             resolve_options how = {});
/// By another resolver, which outlives the wait.
[[nodiscard]] WEFT_EXPORT task<std::vector<address>> resolve_by(resolver& by, std::string host,
                                                                std::uint16_t port,
                                                                resolve_options how = {});

/// What looking up a name fails by.
enum class resolver_errc : std::uint8_t {
    not_found = 1,  ///< there is no such host, or it has no address of that kind
    try_again,      ///< no answer for now
    failed,         ///< the servers refuse to answer
};
[[nodiscard]] WEFT_EXPORT const std::error_category& resolver_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(resolver_errc e) noexcept {
    return {static_cast<int>(e), resolver_category()};
}

}  // namespace weft

template <>
struct std::is_error_code_enum<weft::resolver_errc> : std::true_type {};
