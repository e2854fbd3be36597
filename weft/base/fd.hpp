#pragma once

#include "weft/base/export.hpp"

#include <string>
#include <utility>

namespace weft {

/// Owns a file descriptor and closes it; -1 is none.
///
/// ```cpp fragment
/// #include <fcntl.h>
/// weft::unique_fd file(::open("/etc/hostname", O_RDONLY | O_CLOEXEC));
/// if (!file) weft::throw_system_error(errno, "reading /etc/hostname");
/// ```
class WEFT_EXPORT unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Gives the descriptor up without closing it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes what it owns and owns `fd` from now on.
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

/// For people: "standard input", "descriptor 7".
[[nodiscard]] WEFT_EXPORT std::string describe_fd(int fd);

/// Throws the `std::system_error` of an errno value; `what` says what was attempted, on what.
[[noreturn, gnu::cold]] WEFT_EXPORT void throw_system_error(int error, const std::string& what);

}  // namespace weft
