#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft {

/// Writes text to a file, a pipe or a terminal through a buffer.
///
/// ```cpp
/// void write_numbers(const std::string& path) {
///     weft::line_writer out(path, weft::line_writer::mode::truncate);
///     for (int n = 1; n <= 1000; ++n) out.write_line(std::to_string(n));
///     out.flush();  // throws if the disk is full; the destructor can only report it
/// }
/// ```
///
/// When the reader of a pipe has gone (EPIPE) that is no error: `closed()` becomes true and what is
/// written from then on is dropped. A program that wants this ignores SIGPIPE, which would end it
/// first: `std::signal(SIGPIPE, SIG_IGN)`. All other errors are `std::system_error`, "writing PATH:
/// why"; the bytes that could not be written are dropped then, so that they are reported once.
///
/// Blocks the thread. One thread at a time.
class WEFT_EXPORT line_writer {
public:
    enum class mode : std::uint8_t { truncate, append };

    /// Opens a file for writing, and creates it.
    line_writer(std::string path, mode how);
    /// Writes to a descriptor and owns it. `name` is what errors call it.
    line_writer(unique_fd file, std::string name);
    /// Writes to a descriptor that somebody else owns: 1 is standard output.
    line_writer(int fd, std::string name);
    line_writer(line_writer&& other) noexcept;
    line_writer& operator=(line_writer&&) = delete;
    /// Flushes; an error goes to the handler of unhandled ones.
    ~line_writer();

    /// Adds a line and its '\n'. False when nobody reads any more.
    bool write_line(std::string_view line) {
        if (line.size() < capacity - size_) [[likely]] {
            line.copy(buffer_.get() + size_, line.size());
            size_ += line.size();
            buffer_[size_++] = '\n';
            return !closed_;
        }
        return write_line_slowly(line);
    }
    /// Adds text as it is.
    bool write(std::string_view text);
    /// Hands everything to the kernel. False when nobody reads any more.
    bool flush();

    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    static constexpr std::size_t capacity = std::size_t{64} * 1024;

    bool write_line_slowly(std::string_view line);
    bool write_through(std::string_view text);
    void wait_for_room();

    unique_fd owned_;
    int fd_;
    std::string name_;
    std::unique_ptr<char[]> buffer_;
    std::size_t size_ = 0;
    bool closed_ = false;
};

}  // namespace weft
