#pragma once

#include "weft/core/task.hpp"
#include "weft/stream/concepts.hpp"
#include "weft/stream/read_ahead.hpp"
#include "weft/stream/ready_or_task.hpp"
#include "weft/stream/stream_error.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Reading from any byte source by way of a `read_ahead`: what readers and sockets are made of.
///
/// `Source` is passed by value: a handle that reads from what the caller keeps alive, as the
/// `read_ahead` is kept alive by the caller. Each of these gives an awaitable, to be awaited where
/// it stands; what is there already is given without a coroutine frame. A cancellation, an error of
/// the source, and an end that comes too early lose no byte: what was read is in the `read_ahead`.
namespace weft::detail {

/// Refers to a source.
template <class S>
class source_ref {
public:
    explicit source_ref(S& s) noexcept : source_(&s) {}
    [[nodiscard]] decltype(auto) read_some(char* into, std::size_t n) const {
        return source_->read_some(into, n);
    }

private:
    S* source_;
};

/// The next line, without its end; none at the end of the stream. A last line without "\n" is given
/// as it is. Throws `line_too_long`.
class line_wanted {
public:
    using result = std::optional<std::string>;
    static constexpr const char* attempt = "read_line()";
    explicit line_wanted(std::size_t limit) noexcept : limit_(limit) {}
    [[nodiscard]] result take(read_ahead& from) const { return from.take_line(limit_); }
    [[nodiscard]] result at_end(read_ahead& from) const { return from.take_last_line(limit_); }

private:
    std::size_t limit_;
};

/// The same as a view, valid until the next call.
class line_view_wanted {
public:
    using result = std::optional<std::string_view>;
    static constexpr const char* attempt = "read_line_view()";
    explicit line_view_wanted(std::size_t limit) noexcept : limit_(limit) {}
    [[nodiscard]] result take(read_ahead& from) const { return from.take_line_view(limit_); }
    [[nodiscard]] result at_end(read_ahead& from) const { return from.take_last_line_view(limit_); }

private:
    std::size_t limit_;
};

/// What comes before `delimiter`, which is dropped; none when the stream has ended. Throws
/// `line_too_long`, and `unexpected_end` when it ends after other bytes. `delimiter` lives until
/// the end of the await.
class WEFT_EXPORT delimited_wanted {
public:
    using result = std::optional<std::string>;
    static constexpr const char* attempt = "read_until()";
    /// Throws `usage_error` for an empty delimiter.
    delimited_wanted(std::string_view delimiter, std::size_t limit);
    [[nodiscard]] result take(read_ahead& from) {
        return from.take_until(delimiter_, limit_, searched_);
    }
    [[nodiscard]] static result at_end(const read_ahead& from) {
        if (!from.empty()) throw unexpected_end(attempt, from.size());
        return std::nullopt;
    }

private:
    std::string_view delimiter_;
    std::size_t limit_;
    std::size_t searched_ = 0;
};

/// What is there, at least `n` bytes, fewer only at the end; it stays there. Valid until the next
/// call.
class peek_wanted {
public:
    using result = std::string_view;
    static constexpr const char* attempt = "peek()";
    explicit peek_wanted(std::size_t n) noexcept : n_(n) {}
    [[nodiscard]] std::optional<result> take(const read_ahead& from) const {
        if (from.size() < n_) return std::nullopt;
        return from.bytes();
    }
    [[nodiscard]] static result at_end(const read_ahead& from) { return from.bytes(); }

private:
    std::size_t n_;
};

/// Reads until what is wanted is there.
template <byte_source Source, class Wanted>
class [[nodiscard("co_await it, or await() it in a fiber")]] read_from
    : public ready_or_task<read_from<Source, Wanted>, typename Wanted::result> {
    using result = typename Wanted::result;

public:
    read_from(Source source, read_ahead& ahead, Wanted wanted)
        : source_(std::move(source)), ahead_(&ahead), wanted_(wanted) {}
    [[nodiscard]] bool try_take() {
        ahead_->check_free(Wanted::attempt);
        auto taken = wanted_.take(*ahead_);
        if (!taken) return false;
        this->set(given(std::move(taken)));
        return true;
    }
    [[nodiscard]] task<result> otherwise() { return read(std::move(source_), ahead_, wanted_); }

private:
    template <class Taken>
    static result given(Taken taken) {
        if constexpr (std::same_as<Taken, result>)
            return taken;
        else
            return *std::move(taken);
    }

    static task<result> read(Source source, read_ahead* ahead, Wanted wanted) {
        const read_ahead::reading held(*ahead, Wanted::attempt);
        for (;;) {
            const std::span<char> room = ahead->room();
            const std::size_t n = co_await source.read_some(room.data(), room.size());
            if (n == 0) break;
            ahead->commit(n);
            auto taken = wanted.take(*ahead);
            if (taken) co_return given(std::move(taken));
        }
        co_return wanted.at_end(*ahead);
    }

    Source source_;
    read_ahead* ahead_;
    Wanted wanted_;
};

/// Exactly `n` bytes to `into`. Throws `unexpected_end`.
template <byte_source Source>
class [[nodiscard("co_await it, or await() it in a fiber")]] exactly_into_from
    : public ready_or_task<exactly_into_from<Source>, void> {
public:
    exactly_into_from(Source source, read_ahead& ahead, char* into, std::size_t n)
        : source_(std::move(source)), ahead_(&ahead), into_(into), n_(n) {}
    [[nodiscard]] bool try_take() {
        ahead_->check_free("read_exactly()");
        if (ahead_->size() < n_) return false;
        ahead_->take(into_, n_);
        return true;
    }
    [[nodiscard]] task<> otherwise() { return read(std::move(source_), ahead_, into_, n_); }

private:
    static task<> read(Source source, read_ahead* ahead, char* into, std::size_t n) {
        const read_ahead::reading held(*ahead, "read_exactly()");
        std::size_t got = ahead->take(into, n);
        try {
            while (got < n) {
                const std::size_t more = co_await source.read_some(into + got, n - got);
                if (more == 0) throw unexpected_end("read_exactly()", got, n);
                got += more;
            }
        } catch (...) {
            ahead->put_back(std::string_view(into, got));
            throw;
        }
    }

    Source source_;
    read_ahead* ahead_;
    char* into_;
    std::size_t n_;
};

/// Exactly `n` bytes. Memory grows with what comes, not with what was announced. Throws
/// `unexpected_end`.
template <byte_source Source>
class [[nodiscard("co_await it, or await() it in a fiber")]] exactly_from
    : public ready_or_task<exactly_from<Source>, std::string> {
public:
    exactly_from(Source source, read_ahead& ahead, std::size_t n)
        : source_(std::move(source)), ahead_(&ahead), n_(n) {}
    [[nodiscard]] bool try_take() {
        ahead_->check_free("read_exactly()");
        if (ahead_->size() < n_) return false;
        this->set(ahead_->take_string(n_));
        return true;
    }
    [[nodiscard]] task<std::string> otherwise() { return read(std::move(source_), ahead_, n_); }

private:
    static task<std::string> read(Source source, read_ahead* ahead, std::size_t n) {
        const read_ahead::reading held(*ahead, "read_exactly()");
        std::string bytes;
        bytes.resize(std::min(n, std::max(read_ahead::usual_max, 2 * ahead->size())));
        std::size_t got = ahead->take(bytes.data(), n);
        try {
            while (got < n) {
                if (got == bytes.size()) bytes.resize(std::min(n, 2 * got));
                const std::size_t more =
                    co_await source.read_some(bytes.data() + got, bytes.size() - got);
                if (more == 0) throw unexpected_end("read_exactly()", got, n);
                got += more;
            }
        } catch (...) {
            ahead->put_back(std::string_view(bytes).substr(0, got));
            throw;
        }
        co_return bytes;
    }

    Source source_;
    read_ahead* ahead_;
    std::size_t n_;
};

/// At most `n` bytes: what is there, or what one read brings, through the buffer when little is
/// wanted.
template <byte_source Source>
class [[nodiscard("co_await it, or await() it in a fiber")]] some_from
    : public ready_or_task<some_from<Source>, std::size_t> {
public:
    some_from(Source source, read_ahead& ahead, char* into, std::size_t n)
        : source_(std::move(source)), ahead_(&ahead), into_(into), n_(n) {}
    [[nodiscard]] bool try_take() {
        ahead_->check_free("read_some()");
        if (ahead_->empty() && n_ != 0) return false;
        this->set(ahead_->take(into_, n_));
        return true;
    }
    [[nodiscard]] task<std::size_t> otherwise() {
        return read(std::move(source_), ahead_, into_, n_);
    }

private:
    static task<std::size_t> read(Source source, read_ahead* ahead, char* into, std::size_t n) {
        const read_ahead::reading held(*ahead, "read_some()");
        if (n >= read_ahead::kept_max) {
            const std::size_t direct = co_await source.read_some(into, n);
            co_return direct;
        }
        const std::span<char> room = ahead->room();
        ahead->commit(co_await source.read_some(room.data(), room.size()));
        co_return ahead->take(into, n);
    }

    Source source_;
    read_ahead* ahead_;
    char* into_;
    std::size_t n_;
};

template <byte_source Source>
task<std::string> read_all(Source source, read_ahead* ahead, std::size_t limit) {
    const read_ahead::reading held(*ahead, "read_all()");
    for (;;) {
        if (ahead->size() > limit) throw limit_exceeded("read_all()", limit);
        const std::span<char> room = ahead->room();
        const std::size_t n = co_await source.read_some(room.data(), room.size());
        if (n == 0) break;
        ahead->commit(n);
    }
    co_return ahead->take_string(ahead->size());
}

template <byte_source Source>
[[nodiscard]] auto read_line_from(Source source, read_ahead& ahead, std::size_t limit) {
    return read_from<Source, line_wanted>(std::move(source), ahead, line_wanted(limit));
}
template <byte_source Source>
[[nodiscard]] auto read_line_view_from(Source source, read_ahead& ahead, std::size_t limit) {
    return read_from<Source, line_view_wanted>(std::move(source), ahead, line_view_wanted(limit));
}
template <byte_source Source>
[[nodiscard]] auto read_until_from(Source source, read_ahead& ahead, std::string_view delimiter,
                                   std::size_t limit) {
    return read_from<Source, delimited_wanted>(std::move(source), ahead,
                                               delimited_wanted(delimiter, limit));
}
template <byte_source Source>
[[nodiscard]] auto peek_from(Source source, read_ahead& ahead, std::size_t n) {
    return read_from<Source, peek_wanted>(std::move(source), ahead, peek_wanted(n));
}
template <byte_source Source>
[[nodiscard]] exactly_from<Source> read_exactly_from(Source source, read_ahead& ahead,
                                                     std::size_t n) {
    return exactly_from<Source>(std::move(source), ahead, n);
}
template <byte_source Source>
[[nodiscard]] exactly_into_from<Source> read_exactly_from(Source source, read_ahead& ahead,
                                                          char* into, std::size_t n) {
    return exactly_into_from<Source>(std::move(source), ahead, into, n);
}
/// Everything up to the end. Throws `limit_exceeded` when it is more than `limit`.
template <byte_source Source>
[[nodiscard]] task<std::string> read_all_from(Source source, read_ahead& ahead, std::size_t limit) {
    return read_all(std::move(source), &ahead, limit);
}

}  // namespace weft::detail
