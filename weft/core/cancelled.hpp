#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>

/// The end of a coroutine from outside, as it sees it and as its joiner sees it.
namespace weft {

enum class cancel_reason : std::uint8_t {
    request,         ///< somebody called `cancel()`
    deadline,        ///< the time of a scope was over
    sibling_failed,  ///< another coroutine of the scope failed, or its body
    loop_ends,       ///< `run` is about to return
    deadlock,        ///< nothing could ever run again
    stopped,         ///< `loop::stop` was called
};

/// Who cancelled, and where.
class WEFT_EXPORT cancel_origin {
public:
    cancel_origin() noexcept = default;
    cancel_origin(cancel_reason why, detail::place at, coroutine_id by) noexcept
        : reason_(why), at_(at), by_(by) {}

    [[nodiscard]] cancel_reason reason() const noexcept { return reason_; }
    /// The call that cancelled, or that set the deadline.
    [[nodiscard]] std::source_location where() const noexcept { return detail::location_at(at_); }
    /// The coroutine that called; 0 when that was none.
    [[nodiscard]] coroutine_id by() const noexcept { return by_; }
    /// "cancelled by task 3 at crawl.cpp:21".
    [[nodiscard]] std::string text() const;

private:
    cancel_reason reason_ = cancel_reason::request;
    detail::place at_ = nullptr;
    coroutine_id by_ = 0;
};

/// What an await raises in a coroutine that is cancelled, and raises again at each later one until
/// the coroutine has left the scope that was cancelled. It is no error and does not derive from
/// `std::exception`: let it pass, or clean up and rethrow it.
class WEFT_EXPORT cancelled {
public:
    cancelled() noexcept = default;
    cancelled(std::uint64_t scope, const cancel_origin& origin) noexcept;

    [[nodiscard]] const cancel_origin& origin() const noexcept { return origin_; }
    [[nodiscard]] const char* what() const noexcept { return "the coroutine was cancelled"; }
    /// The serial number of the scope that absorbs it; 0 when none does.
    [[nodiscard]] std::uint64_t scope() const noexcept { return scope_; }

private:
    std::uint64_t scope_ = 0;
    cancel_origin origin_;
};

/// What the joiner of a coroutine gets that was cancelled: an error, since the joiner was not.
class WEFT_EXPORT child_cancelled : public std::runtime_error {
public:
    explicit child_cancelled(const std::string& text) : std::runtime_error(text) {}
    ~child_cancelled() override;
};

}  // namespace weft
