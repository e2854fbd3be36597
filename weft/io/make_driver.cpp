#include "weft/base/error.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/driver.hpp"
#include "weft/io/driver_epoll.hpp"
#include "weft/io/driver_uring.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace weft {
namespace {

std::string try_io_uring() {
    try {
        const driver_uring tried(1);
        return "";
    } catch (const std::system_error& e) {
        const int error = e.code().value();
        std::string why = e.what();
        if (error == EPERM)
            why += ": forbidden here, by the sysctl kernel.io_uring_disabled or by a container's "
                   "seccomp filter: set the first to 0, allow io_uring_setup in the other";
        else if (error == ENOMEM)
            why += ": raise the limit of locked memory (ulimit -l)";
        return why;
    } catch (const std::exception& e) {
        return e.what();
    }
}

}  // namespace

const std::string& why_no_io_uring() {
    static const std::string why = try_io_uring();
    return why;
}

bool is_possible(driver_kind kind) noexcept {
    return kind == driver_kind::epoll || why_no_io_uring().empty();
}

std::unique_ptr<driver> make_driver(driver_kind kind) {
    if (kind == driver_kind::io_uring) return std::make_unique<driver_uring>();
    return std::make_unique<driver_epoll>();
}

std::unique_ptr<driver> make_driver() {
    const char* const wanted = std::getenv("WEFT_DRIVER");
    const std::string_view name = wanted == nullptr ? "" : wanted;
    // Nothing measured speaks for io_uring yet, and epoll is there everywhere.
    if (name.empty() || name == "epoll") return make_driver(driver_kind::epoll);
    if (name != "io_uring")
        throw usage_error("WEFT_DRIVER=" + std::string(name) +
                          ": there is no such driver: unset it, or set it to epoll or io_uring");
    if (!is_possible(driver_kind::io_uring))
        throw std::system_error(ENOSYS, std::system_category(),
                                "WEFT_DRIVER=io_uring: " + why_no_io_uring() +
                                    ": unset it, or set it to epoll");
    return make_driver(driver_kind::io_uring);
}

}  // namespace weft
