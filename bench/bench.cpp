#include "bench.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace bench {

void require(bool correct, std::string_view what) {
    if (correct) return;
    std::fprintf(stderr, "wrong result: %.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

void need(bool there, std::string_view what) {
    if (there) return;
    std::fprintf(stderr, "cannot measure without %.*s\n", static_cast<int>(what.size()),
                 what.data());
    std::exit(1);
}

void answer(std::string_view metric, double value) {
    std::printf("%.*s %.6g\n", static_cast<int>(metric.size()), metric.data(), value);
    std::fflush(stdout);
    std::_Exit(0);
}

int run(int argc, char** argv, std::string_view metric, std::initializer_list<side> sides) {
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    try {
        for (const side& one : sides) {
            if (one.name != wanted) continue;
            const double value = one.measure(argc > 2 ? argv[2] : "");
            std::printf("%.*s %.6g\n", static_cast<int>(metric.size()), metric.data(), value);
            return 0;
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
    std::fprintf(stderr, "usage: %s SIDE [FILE]\nsides:", argv[0]);
    for (const side& one : sides)
        std::fprintf(stderr, " %.*s", static_cast<int>(one.name.size()), one.name.data());
    std::fprintf(stderr, "\n'weft bench' runs them side by side\n");
    return 2;
}

}  // namespace bench
