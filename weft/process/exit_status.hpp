#pragma once

#include "weft/base/export.hpp"

#include <string>

/// How processes end.
namespace weft {

/// How a process has ended: by an exit code, by a signal, or nobody knows.
///
/// ```cpp fragment
/// const auto made = weft::exit_status::exited(3);
/// std::cout << made.text() << '\n';  // exited with 3
/// ```
class WEFT_EXPORT exit_status {
public:
    /// Lost: somebody else in this program has taken it (waitpid(-1, …)), or SIGCHLD is ignored.
    exit_status() noexcept = default;
    [[nodiscard]] static exit_status exited(int code) noexcept {
        return exit_status(way::exited, code, false);
    }
    [[nodiscard]] static exit_status killed(int signal, bool dumped_core = false) noexcept {
        return exit_status(way::killed, signal, dumped_core);
    }

    /// It exited with 0.
    [[nodiscard]] bool success() const noexcept { return way_ == way::exited && value_ == 0; }
    /// What it exited with; -1 when it did not, or nobody knows.
    [[nodiscard]] int code() const noexcept { return way_ == way::exited ? value_ : -1; }
    /// The signal that killed it; 0 when none did.
    [[nodiscard]] int signal() const noexcept { return way_ == way::killed ? value_ : 0; }
    [[nodiscard]] bool dumped_core() const noexcept { return dumped_core_; }
    /// False: the status is lost.
    [[nodiscard]] bool known() const noexcept { return way_ != way::lost; }
    /// For people: "exited with 3", "killed by SIGTERM".
    [[nodiscard]] std::string text() const;

    [[nodiscard]] bool operator==(const exit_status&) const noexcept = default;

private:
    enum class way : unsigned char { lost, exited, killed };
    exit_status(way how, int value, bool dumped_core) noexcept
        : way_(how), dumped_core_(dumped_core), value_(value) {}

    way way_ = way::lost;
    bool dumped_core_ = false;
    int value_ = 0;
};

}  // namespace weft
