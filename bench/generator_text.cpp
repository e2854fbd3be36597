// What a value costs when it is a std::string that is handed out by reference: no copy may show.
// The minimal generator hands out a pointer.

#include "bench.hpp"
#include "bodies.hpp"

namespace {

constexpr std::uint64_t values = 100'000'000;

double measure_weft(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        const std::string text(100, 'x');
        std::uint64_t sum = 0;
        for (const std::string& value : bench::text_weft(n, text)) sum += value.size();
        bench::require(sum == n * text.size(), "the length of the texts");
    });
}

double measure_minimal(std::string_view) {
    return bench::ns_each(values, [](std::uint64_t n) {
        const std::string text(100, 'x');
        std::uint64_t sum = 0;
        auto texts = bench::text_minimal(n, text);
        while (texts.next()) sum += texts.value()->size();
        bench::require(sum == n * text.size(), "the length of the texts");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_value",
                      {{"weft", measure_weft}, {"minimal", measure_minimal}});
}
