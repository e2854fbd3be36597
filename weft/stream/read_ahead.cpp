#include "weft/stream/read_ahead.hpp"

#include "weft/base/error.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weft::detail {

std::size_t read_ahead::take(char* into, std::size_t n) noexcept {
    n = std::min(n, size());
    if (n != 0) std::memcpy(into, data_.get() + begin_, n);
    drop(n);
    return n;
}

std::string read_ahead::take_string(std::size_t n) {
    std::string taken(bytes().substr(0, n));
    drop(taken.size());
    return taken;
}

void read_ahead::drop(std::size_t n) noexcept {
    WEFT_CHECK(n <= size(), "more bytes were dropped than there are");
    consume(n);
    if (empty()) drained();
}

void read_ahead::drained() noexcept {
    begin_ = end_ = searched_ = 0;
    if (capacity_ > usual_max || (capacity_ > kept_max && last_read_ < capacity_ / 4)) {
        data_.reset();
        capacity_ = 0;
    }
}

std::span<char> read_ahead::room(std::size_t at_least) {
    if (empty()) drained();
    // The last read has filled it: more is on its way.
    const bool grows = filled_ && capacity_ != 0 && capacity_ < usual_max;
    const std::size_t wanted = std::max(at_least, std::min(capacity_ / 4, usual_max));
    if (capacity_ - end_ < wanted || grows) {
        std::size_t capacity = std::bit_ceil(size() + std::max(wanted, size() / 4));
        if (grows) capacity = std::max(capacity, 2 * capacity_);
        resize(std::max({capacity, capacity_, first}));
    }
    return std::span(data_.get() + end_, capacity_ - end_);
}

/// Moves what is there to the front, of a larger buffer if need be.
void read_ahead::resize(std::size_t capacity) {
    const std::size_t count = size();
    if (capacity != capacity_) {
        std::unique_ptr<char[]> larger(new char[capacity]);
        if (count != 0) std::memcpy(larger.get(), data_.get() + begin_, count);
        data_ = std::move(larger);
        capacity_ = capacity;
    } else if (begin_ != 0) {
        std::memmove(data_.get(), data_.get() + begin_, count);
    }
    searched_ -= begin_;
    begin_ = 0;
    end_ = count;
}

void read_ahead::commit(std::size_t n) noexcept {
    WEFT_CHECK(n <= capacity_ - end_, "more bytes were read than there was room for");
    last_read_ = n;
    end_ += n;
    filled_ = end_ == capacity_;
}

void read_ahead::put_back(std::string_view bytes) {
    WEFT_CHECK(empty(), "bytes are put back before others have come");
    if (bytes.empty()) return;
    bytes.copy(room(bytes.size()).data(), bytes.size());
    commit(bytes.size());
}

std::optional<std::string_view> read_ahead::find_line(std::size_t limit, std::size_t& whole) {
    const void* const newline =
        searched_ == end_ ? nullptr : std::memchr(data_.get() + searched_, '\n', end_ - searched_);
    searched_ = newline == nullptr
                    ? end_
                    : static_cast<std::size_t>(static_cast<const char*>(newline) - data_.get());
    std::string_view line = bytes().substr(0, searched_ - begin_);
    whole = line.size() + 1;
    // A "\r" that is the last byte may be the begin of the end.
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > limit) [[unlikely]]
        throw line_too_long("read_line()", limit);
    if (newline == nullptr) return std::nullopt;
    return line;
}

std::optional<std::string_view> read_ahead::take_line_view(std::size_t limit) {
    std::size_t whole = 0;
    const std::optional<std::string_view> line = find_line(limit, whole);
    if (line) consume(whole);
    return line;
}

std::optional<std::string> read_ahead::take_line(std::size_t limit) {
    std::size_t whole = 0;
    const std::optional<std::string_view> found = find_line(limit, whole);
    std::optional<std::string> line;
    if (!found) return line;
    line.emplace(*found);
    drop(whole);
    return line;
}

std::optional<std::string_view> read_ahead::take_last_line_view(std::size_t limit) {
    if (empty()) return std::nullopt;
    const std::string_view line = bytes();
    if (line.size() > limit) throw line_too_long("read_line()", limit);
    consume(line.size());
    return line;
}

std::optional<std::string> read_ahead::take_last_line(std::size_t limit) {
    if (empty()) return std::nullopt;
    if (size() > limit) throw line_too_long("read_line()", limit);
    return take_string(size());
}

std::optional<std::string> read_ahead::take_until(std::string_view delimiter, std::size_t limit,
                                                  std::size_t& searched) {
    const std::size_t found = bytes().find(delimiter, searched);
    if (found == npos) {
        // Its beginning may be the end of what is there.
        if (size() >= delimiter.size()) searched = size() - delimiter.size() + 1;
        if (searched > limit) throw line_too_long("read_until()", limit);
        return std::nullopt;
    }
    if (found > limit) {
        searched = found;
        throw line_too_long("read_until()", limit);
    }
    std::optional<std::string> taken(std::in_place, bytes().substr(0, found));
    drop(found + delimiter.size());
    return taken;
}

void read_ahead::swap(read_ahead& other) noexcept {
    WEFT_CHECK(!busy_ && !other.busy_, "a reader was moved while a coroutine reads from it");
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(searched_, other.searched_);
    std::swap(last_read_, other.last_read_);
    std::swap(filled_, other.filled_);
}

void read_ahead::refuse_second(const char* attempt) {
    throw usage_error(std::string(attempt) +
                      ": another coroutine reads from this stream: let one of them read, or hold "
                      "a mutex while one reads");
}

}  // namespace weft::detail
