#pragma once

#include "weft/base/export.hpp"
#include "weft/testing/sim_socket.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace weft::testing {

/// The bytes that a stream has received and nobody has read, with the files that came with them.
class WEFT_EXPORT sim_bytes {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void append(std::string bytes, sim_files files);
    /// Takes at most `size` bytes, and the files that belong to them: no bytes are taken beyond
    /// those that came with files, as unix(7) has it.
    std::string take(std::size_t size, sim_files& files);
    void clear() noexcept;

private:
    struct chunk {
        std::string bytes;
        std::size_t begin;
        sim_files files;
    };

    std::deque<chunk> chunks_;
    std::size_t size_ = 0;
};

}  // namespace weft::testing
