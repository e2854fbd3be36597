#pragma once

#include "weft/base/export.hpp"

#include <utility>

/// Descriptors that a loop's driver knows.
namespace weft {

/// Owns a descriptor that the driver of this thread's loop has opened or adopted, and closes it
/// when it is destroyed. One thread, the loop's.
///
/// ```cpp fragment
/// const int tty = ::open("/dev/tty", O_RDONLY | O_CLOEXEC);
/// auto input = weft::owned_descriptor::adopt(tty);
/// co_await weft::wait_readable(input.descriptor());
/// ```
class WEFT_EXPORT owned_descriptor {
public:
    owned_descriptor() noexcept = default;
    /// Takes over one that the driver of this thread's loop has opened.
    explicit owned_descriptor(int number) noexcept : number_(number) {}
    owned_descriptor(owned_descriptor&& other) noexcept
        : number_(std::exchange(other.number_, -1)) {}
    owned_descriptor& operator=(owned_descriptor&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~owned_descriptor() { close(); }

    /// Takes over one that somebody else has opened, and makes it fit (non-blocking). Throws
    /// `std::system_error`, and has closed it then; `usage_error` outside of a loop.
    [[nodiscard]] static owned_descriptor adopt(int number);

    /// Who waits for it is woken with `EBADF`. Idempotent.
    void close() noexcept;
    /// Gives it up without closing it; the driver still knows it.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
    /// -1: none.
    [[nodiscard]] int descriptor() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_ = -1;
};

}  // namespace weft
