#include "weft/file/line_buffer.hpp"

#include "weft/base/check.hpp"

#include <algorithm>
#include <cstring>

namespace weft {

std::span<char> line_buffer::room() {
    const std::size_t kept = end_ - begin_;
    // In front, so that the room behind it is as large as can be. A line as long as several blocks
    // is not moved again for each of them.
    if (kept > 0 && begin_ > 0) std::memmove(data_.get(), data_.get() + begin_, kept);
    searched_ -= begin_;
    begin_ = 0;
    end_ = kept;
    if (kept > line_bytes_max_) return {};
    // A block is read whole where possible; growing doubles, so that a long line is copied O(1)
    // times.
    if (capacity_ - kept <= block_bytes_ / 2 || capacity_ == 0)
        resize(std::max(block_bytes_, capacity_ * 2));
    return {data_.get() + end_, capacity_ - end_};
}

void line_buffer::added(std::size_t count) noexcept {
    WEFT_CHECK(count <= capacity_ - end_, "line_buffer: more bytes were added than there was room");
    end_ += count;
}

std::string_view line_buffer::whole_lines() noexcept {
    if (searched_ == end_) return {};
    const char* const data = data_.get();
    const void* const last = ::memrchr(data + searched_, '\n', end_ - searched_);
    searched_ = end_;
    if (last == nullptr) return {};
    const std::size_t stop = static_cast<std::size_t>(static_cast<const char*>(last) - data) + 1;
    const std::string_view lines(data + begin_, stop - begin_);
    begin_ = stop;
    return lines;
}

std::string_view line_buffer::rest() noexcept {
    const std::string_view rest(data_.get() + begin_, end_ - begin_);
    begin_ = searched_ = end_;
    return rest;
}

void line_buffer::resize(std::size_t capacity) {
    capacity = std::max<std::size_t>(capacity, 16);
    std::unique_ptr<char[]> larger(new char[capacity + padding]);  // Not zeroed: read() fills it.
    if (end_ > 0) std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    capacity_ = capacity;
}

}  // namespace weft
