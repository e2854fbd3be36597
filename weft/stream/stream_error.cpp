#include "weft/stream/stream_error.hpp"

#include <string>

namespace weft {
namespace {

std::string too_much(std::string_view attempt, std::string_view what, std::size_t limit) {
    return std::string(attempt)
        .append(": ")
        .append(what)
        .append(" ")
        .append(std::to_string(limit))
        .append(" bytes: answer and close, or call it with a larger limit; what was read is still "
                "there");
}

std::string ended(std::string_view attempt, std::size_t available, std::size_t wanted) {
    std::string text(attempt);
    text.append(": the stream ended after ").append(std::to_string(available));
    if (wanted != 0) text.append(" of ").append(std::to_string(wanted));
    return text.append(" bytes, which are still there: the other side closed too early");
}

}  // namespace

limit_exceeded::limit_exceeded(std::string_view attempt, std::size_t limit)
    : limit_exceeded(attempt, "more than", limit) {}
limit_exceeded::limit_exceeded(std::string_view attempt, std::string_view what, std::size_t limit)
    : std::runtime_error(too_much(attempt, what, limit)), limit_(limit) {}
limit_exceeded::~limit_exceeded() = default;

line_too_long::line_too_long(std::string_view attempt, std::size_t limit)
    : limit_exceeded(attempt, "no end of it within", limit) {}
line_too_long::~line_too_long() = default;

unexpected_end::unexpected_end(std::string_view attempt, std::size_t available, std::size_t wanted)
    : std::runtime_error(ended(attempt, available, wanted)), available_(available) {}
unexpected_end::~unexpected_end() = default;

}  // namespace weft
