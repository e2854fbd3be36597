#include "weft/core/generator.hpp"

namespace weft::detail {

void throw_nothing_sent() {
    throw usage_error("next() sends nothing, and what this generator receives has no empty value "
                      "(it is not default "
                      "constructible): use send(), or make it a std::optional");
}

void throw_iterator_at_end() {
    throw usage_error(
        "++ on a generator's iterator that has reached the end: compare it with end() "
        "first");
}

void throw_range_cannot_receive() {
    throw usage_error(
        "send() reached co_yield from(range), and a range cannot receive: delegate to a "
        "generator that has the same Send type, or resume with next()");
}

void throw_no_result_from() {
    throw usage_error(
        "co_yield from(inner): inner had ended before, so it has no result to give; test "
        "inner.state() first");
}

}  // namespace weft::detail
