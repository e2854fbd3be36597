#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

/// Bytes that are to be written and that the sink has not taken yet.
namespace weft::detail {

/// The buffer of a writer.
///
/// Rules:
/// 1. It holds at most its capacity, and allocates that by the first byte; only what `keep` is
///    given may be more, until it is taken.
/// 2. One coroutine writes through it at a time (`writing`).
/// 3. What is left in it at its end is reported (unhandled.hpp), once: not after a failed write,
///    which was an error already, and not while an exception unwinds what it belongs to.
class WEFT_EXPORT write_behind {
public:
    class writing;

    explicit write_behind(std::size_t capacity) noexcept;
    write_behind(write_behind&& other) noexcept;
    write_behind& operator=(write_behind&&) = delete;
    ~write_behind() {
        WEFT_CHECK(!busy_, "a writer was destroyed while a coroutine writes to it: cancel and "
                           "join that first");
        if (!empty()) [[unlikely]]
            report_lost();
    }

    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] std::string_view bytes() const noexcept {
        return std::string_view(data_.get() + begin_, size());
    }
    [[nodiscard]] bool fits(std::size_t n) const noexcept {
        return size() <= capacity_ && n <= capacity_ - size();
    }
    [[nodiscard]] bool is_large(std::size_t n) const noexcept { return n >= capacity_; }
    /// All of it, or nothing when there is no room.
    [[nodiscard]] bool add(std::string_view bytes);
    /// All of it.
    void keep(std::string_view bytes);
    /// The sink took `n` of what is here, and of what comes behind it: gives how many of that.
    std::size_t taken(std::size_t n) noexcept;
    void failed() noexcept { failed_ = true; }

    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// Throws `usage_error` while somebody is `writing`.
    void check_free(const char* attempt) const {
        if (busy_) [[unlikely]]
            refuse_second(attempt);
    }

private:
    [[noreturn, gnu::cold]] static void refuse_second(const char* attempt);
    [[gnu::cold]] void report_lost() const noexcept;
    void append(std::string_view bytes, std::size_t least);

    std::unique_ptr<char[]> data_;
    std::size_t capacity_;
    std::size_t allocated_ = 0;
    std::size_t begin_ = 0;  // [begin_, end_) is to be written
    std::size_t end_ = 0;
    std::uint64_t written_ = 0;
    int exceptions_;  // that unwound the stack when it was made
    bool failed_ = false;
    bool busy_ = false;
};

class write_behind::writing {
public:
    writing(write_behind& of, const char* attempt) : of_(of) {
        of.check_free(attempt);
        of.busy_ = true;
    }
    writing(const writing&) = delete;
    writing& operator=(const writing&) = delete;
    ~writing() { of_.busy_ = false; }

private:
    write_behind& of_;
};

}  // namespace weft::detail
