#pragma once

#include "weft/base/fd.hpp"

#include <filesystem>
#include <string>
#include <string_view>

/// A log file to try things on, and what happens to logs.
namespace weft::tour {

/// In a temporary directory of its own, which goes with the object. Throws `std::system_error`.
class scratch_log {
public:
    scratch_log();
    scratch_log(const scratch_log&) = delete;
    scratch_log& operator=(const scratch_log&) = delete;
    ~scratch_log();

    [[nodiscard]] std::string path() const { return path_; }

    void append(std::string_view text);
    void truncate();
    /// As logrotate does: the file gets another name, and a new one its own.
    void rotate();

    /// A descriptor that becomes readable by `stop()`.
    [[nodiscard]] int stop_fd() const { return stop_.get(); }
    void stop();

private:
    std::filesystem::path directory_;
    std::filesystem::path path_;
    unique_fd file_;
    unique_fd stop_;
};

}  // namespace weft::tour
