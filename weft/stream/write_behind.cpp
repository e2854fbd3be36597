#include "weft/stream/write_behind.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

namespace weft::detail {

write_behind::write_behind(std::size_t capacity) noexcept
    : capacity_(std::max<std::size_t>(capacity, 1)), exceptions_(std::uncaught_exceptions()) {}

write_behind::write_behind(write_behind&& other) noexcept
    : data_(std::move(other.data_)),
      capacity_(other.capacity_),
      allocated_(std::exchange(other.allocated_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      written_(std::exchange(other.written_, 0)),
      exceptions_(std::uncaught_exceptions()),
      failed_(other.failed_) {
    WEFT_CHECK(!other.busy_, "a writer was moved while a coroutine writes to it");
}

bool write_behind::add(std::string_view bytes) {
    if (!fits(bytes.size())) return false;
    append(bytes, capacity_);
    return true;
}

void write_behind::keep(std::string_view bytes) {
    append(bytes, std::max(size() + bytes.size(), capacity_));
}

/// To a buffer of at least `least` bytes.
void write_behind::append(std::string_view bytes, std::size_t least) {
    if (bytes.empty()) return;
    if (allocated_ < least) {
        std::unique_ptr<char[]> larger(new char[least]);
        if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
        data_ = std::move(larger);
        allocated_ = least;
        end_ = size();
        begin_ = 0;
    } else if (allocated_ - end_ < bytes.size()) {
        std::memmove(data_.get(), data_.get() + begin_, size());
        end_ = size();
        begin_ = 0;
    }
    bytes.copy(data_.get() + end_, bytes.size());
    end_ += bytes.size();
}

std::size_t write_behind::taken(std::size_t n) noexcept {
    const std::size_t here = std::min(n, size());
    begin_ += here;
    written_ += n;
    if (n != 0) failed_ = false;
    if (empty()) {
        begin_ = end_ = 0;
        if (allocated_ > capacity_) {
            data_.reset();
            allocated_ = 0;
        }
    }
    return n - here;
}

void write_behind::refuse_second(const char* attempt) {
    throw usage_error(std::string(attempt) +
                      ": another coroutine writes to this stream: let one of them write, or hold "
                      "a mutex while one writes");
}

void write_behind::report_lost() const noexcept {
    if (failed_ || std::uncaught_exceptions() > exceptions_) return;
    try {
        throw usage_error(std::to_string(size()) +
                          " bytes were written and never flushed: await flush() in the end");
    } catch (...) {
        report_unhandled(std::current_exception(), "the destructor of a buffered_writer");
    }
}

}  // namespace weft::detail
