#pragma once

#include "weft/base/check.hpp"
#include "weft/base/export.hpp"
#include "weft/stream/stream_error.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Bytes that were read and that nobody has taken yet.
namespace weft::detail {

/// The buffer of a reader.
///
/// Rules:
/// 1. It allocates by the first `room()`, small. Reads that fill it make it grow, to `usual_max`;
///    beyond that it grows only with what has to be kept together, so the limit of who reads bounds
///    it: at most twice what is kept, or `usual_max`.
/// 2. When all is taken it gives back what is large, or has become too large for what comes.
/// 3. What `bytes()` and the functions that give views show lies there until the next `room()`, or
///    the next call that takes something.
/// 4. One coroutine reads through it at a time (`reading`).
class WEFT_EXPORT read_ahead {
public:
    static constexpr std::size_t first = 1024;
    static constexpr std::size_t kept_max = std::size_t{4} * 1024;
    static constexpr std::size_t usual_max = std::size_t{16} * 1024;
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

    /// Held by who awaits more bytes: nobody else may take some meanwhile.
    class reading;

    read_ahead() noexcept = default;
    read_ahead(read_ahead&& other) noexcept { swap(other); }
    read_ahead& operator=(read_ahead&& other) noexcept {
        read_ahead taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~read_ahead() {
        WEFT_CHECK(!busy_, "a reader was destroyed while a coroutine reads from it: cancel and "
                           "join that first");
    }

    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::string_view bytes() const noexcept {
        return std::string_view(data_.get() + begin_, size());
    }

    /// Takes at most `n`; gives how many.
    std::size_t take(char* into, std::size_t n) noexcept;
    [[nodiscard]] std::string take_string(std::size_t n);
    void drop(std::size_t n) noexcept;

    /// Where to read to: at least so many bytes, usually more.
    [[nodiscard]] std::span<char> room(std::size_t at_least = 1);
    /// So many were read to the beginning of `room()`.
    void commit(std::size_t n) noexcept;
    /// What was taken was not used after all. REQUIRES: empty.
    void put_back(std::string_view bytes);

    /// The next line without its "\n" or "\r\n", or none when its end has not come. Throws
    /// `line_too_long`, and takes nothing, when it is longer than `limit`, or will be. Each byte is
    /// looked at once, however often it is called.
    [[nodiscard]] std::optional<std::string> take_line(std::size_t limit);
    /// The same, as a view (rule 3).
    [[nodiscard]] std::optional<std::string_view> take_line_view(std::size_t limit);
    /// No more will come: what is there is the last line; none when nothing is.
    [[nodiscard]] std::optional<std::string> take_last_line(std::size_t limit);
    [[nodiscard]] std::optional<std::string_view> take_last_line_view(std::size_t limit);
    /// What is in front of `delimiter`, and drops that with it. `searched` is where an earlier call
    /// has ended, at first 0.
    [[nodiscard]] std::optional<std::string> take_until(std::string_view delimiter,
                                                        std::size_t limit, std::size_t& searched);

    /// Throws `usage_error` while somebody is `reading`.
    void check_free(const char* attempt) const {
        if (busy_) [[unlikely]]
            refuse_second(attempt);
    }

private:
    [[noreturn, gnu::cold]] static void refuse_second(const char* attempt);
    void swap(read_ahead& other) noexcept;
    void consume(std::size_t n) noexcept {
        begin_ += n;
        if (searched_ < begin_) searched_ = begin_;
    }
    void drained() noexcept;
    [[nodiscard]] std::optional<std::string_view> find_line(std::size_t limit, std::size_t& whole);
    void resize(std::size_t capacity);

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // [begin_, end_) is there
    std::size_t end_ = 0;
    std::size_t searched_ = 0;  // no '\n' in [begin_, searched_)
    std::size_t last_read_ = 0;
    bool filled_ = false;  // by the last read
    bool busy_ = false;
};

class read_ahead::reading {
public:
    reading(read_ahead& of, const char* attempt) : of_(of) {
        of.check_free(attempt);
        of.busy_ = true;
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() { of_.busy_ = false; }

private:
    read_ahead& of_;
};

}  // namespace weft::detail
