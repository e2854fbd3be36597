#pragma once

#include "weft/base/fd.hpp"

#include <csignal>

namespace weft::tool {

/// SIGINT and SIGTERM as a descriptor that becomes readable: to stop at, with nothing lost. To be
/// made before there are other threads, which inherit what is blocked.
class stop_signals {
public:
    stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;
    ~stop_signals();

    [[nodiscard]] int fd() const noexcept { return file_.get(); }
    /// Takes one that has come; 0 if none has.
    [[nodiscard]] int take() noexcept;
    /// The number of the last that came; 0 if none has. Takes one.
    [[nodiscard]] int caught() noexcept;

private:
    sigset_t set_{};
    sigset_t before_{};
    unique_fd file_;
    int number_ = 0;
};

}  // namespace weft::tool
