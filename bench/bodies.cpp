#include "bodies.hpp"

namespace bench {

weft::generator<std::uint64_t> count_weft(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) co_yield i;
}

minimal_generator<std::uint64_t> count_minimal(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) co_yield i;
}

weft::generator<std::uint64_t, std::uint64_t> echo_weft() {
    for (std::uint64_t sent = 0;;) sent = co_yield sent + 1;
}

minimal_exchange<std::uint64_t, std::uint64_t> echo_minimal() {
    for (std::uint64_t sent = 0;;) sent = co_yield sent + 1;
}

weft::generator<const std::string&> text_weft(std::uint64_t n, const std::string& text) {
    for (std::uint64_t i = 0; i < n; ++i) co_yield text;
}

minimal_generator<const std::string*> text_minimal(std::uint64_t n, const std::string& text) {
    for (std::uint64_t i = 0; i < n; ++i) co_yield &text;
}

weft::consumer<std::uint64_t> sum_weft(std::uint64_t& total) {
    for (;;) total += co_await weft::receive;
}

void sum_struct::send(std::uint64_t item) {
    total += item;
}

void sum_virtual::send(std::uint64_t item) {
    total_ += item;
}

handler& sum_handler(sum_virtual& sum) {
    return sum;
}

}  // namespace bench
