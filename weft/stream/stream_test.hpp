#pragma once

#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// What the tests of this layer share: a source and a sink that do what a script says.
namespace weft::testing {

/// The nth call fails, and every later one if `for_ever`. 0: none does.
class failing_calls {
public:
    void fail(int nth, bool for_ever = false) noexcept {
        nth_ = calls_ + nth;
        for_ever_ = for_ever;
    }
    [[nodiscard]] int calls() const noexcept { return calls_; }

protected:
    void count() {
        ++calls_;
        if (nth_ != 0 && (calls_ == nth_ || (for_ever_ && calls_ > nth_)))
            throw std::system_error(EIO, std::generic_category(), "scripted");
    }

private:
    int calls_ = 0;
    int nth_ = 0;
    bool for_ever_ = false;
};

/// Gives `bytes`, at most so many at a time, each time after others have run. Then the end, or
/// nothing more for ever.
class scripted_source : public failing_calls {
public:
    explicit scripted_source(std::string bytes, std::size_t at_most = 1)
        : bytes_(std::move(bytes)), at_most_(at_most) {}
    [[nodiscard]] task<std::size_t> read_some(char* into, std::size_t n) {
        co_await yield_now();
        count();
        if (bytes_.empty() && !ends_) co_await for_ever();
        const std::size_t given = std::min({n, at_most_, bytes_.size()});
        bytes_.copy(into, given);
        bytes_.erase(0, given);
        given_ += given;
        co_return given;
    }
    void stays_open() noexcept { ends_ = false; }
    void append(std::string_view more) { bytes_ += more; }
    [[nodiscard]] std::size_t given() const noexcept { return given_; }

private:
    std::string bytes_;
    std::size_t at_most_;
    std::size_t given_ = 0;
    bool ends_ = true;
};

/// Takes at most so many bytes at a time, each time after others have run.
class scripted_sink : public failing_calls {
public:
    explicit scripted_sink(std::size_t at_most = 1) : at_most_(at_most) {}
    [[nodiscard]] task<std::size_t> write_some(std::string_view bytes) {
        co_await yield_now();
        count();
        co_return take(bytes, at_most_);
    }
    [[nodiscard]] const std::string& taken() const noexcept { return taken_; }

protected:
    std::size_t take(std::string_view bytes, std::size_t at_most) {
        taken_ += bytes.substr(0, at_most);
        return std::min(bytes.size(), at_most);
    }
    std::size_t at_most_;

private:
    std::string taken_;
};

/// One that gathers; it remembers how many pieces it was given.
class gathering_scripted_sink : public scripted_sink {
public:
    using scripted_sink::scripted_sink;
    using scripted_sink::write_some;
    [[nodiscard]] task<std::size_t> write_some(std::span<const std::string_view> pieces) {
        co_await yield_now();
        count();
        pieces_.push_back(pieces.size());
        std::size_t n = 0;
        for (const std::string_view piece : pieces) n += take(piece, at_most_ - n);
        co_return n;
    }
    [[nodiscard]] const std::vector<std::size_t>& pieces() const noexcept { return pieces_; }

private:
    std::vector<std::size_t> pieces_;
};

/// Lets all that is ready run, and what that makes ready.
inline void settle() {
    for (int i = 0; i < 20; ++i) await(yield_now());
}

/// Bytes that tell their place.
[[nodiscard]] inline std::string numbered_bytes(std::size_t n) {
    std::string bytes(n, '\0');
    for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<char>('a' + (i * 7 + i / 26) % 26);
    return bytes;
}

/// The error number of the `std::system_error` that `action` throws; 0 when it throws none.
template <class Action>
[[nodiscard]] int errno_of(Action action) {
    try {
        action();
    } catch (const std::system_error& e) {
        return e.code().value();
    }
    return 0;
}

}  // namespace weft::testing
