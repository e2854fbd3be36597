// Lines of 40 bytes that pass a memory pipe of 64 KiB and are read one by one; the peers split the
// same text where it lies.

#include "bench.hpp"

#include <weft/core/await.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn.hpp>
#include <weft/stream/buffered_reader.hpp>
#include <weft/stream/memory_pipe.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>

namespace {

constexpr std::uint64_t lines = 2'000'000;
constexpr std::size_t block_lines = 1'000;

const std::string& block() {
    static const std::string text = [] {
        std::string made;
        for (std::size_t i = 0; i < block_lines; ++i) made += std::string(39, 'x') + "\n";
        return made;
    }();
    return text;
}

weft::task<> write_blocks(weft::memory_pipe& to, std::uint64_t n) {
    for (; n > 0; n -= block_lines) co_await to.writer.write_all(block());
    to.writer.close();
}

weft::task<std::uint64_t> count_lines(weft::memory_pipe& from) {
    weft::buffered_reader in(from.reader);
    std::uint64_t bytes = 0;
    while (auto line = co_await in.read_line()) bytes += line->size();
    co_return bytes;
}
weft::task<std::uint64_t> count_views(weft::memory_pipe& from) {
    weft::buffered_reader in(from.reader);
    std::uint64_t bytes = 0;
    while (auto line = co_await in.read_line_view()) bytes += line->size();
    co_return bytes;
}
std::uint64_t count_in_fiber(weft::memory_pipe& from) {
    weft::buffered_reader in(from.reader);
    std::uint64_t bytes = 0;
    while (auto line = weft::await(in.read_line())) bytes += line->size();
    return bytes;
}

template <class Count>
double measure(Count count) {
    return bench::ns_each(lines, [count](std::uint64_t n) {
        std::uint64_t bytes = 0;
        weft::run([&] {
            weft::memory_pipe p;
            auto writes = weft::spawn(write_blocks(p, n));
            auto reads = weft::spawn(count, std::ref(p));
            bytes = weft::await(reads);
            weft::await(writes);
        });
        bench::require(bytes == n * 39, "the bytes of all lines");
    });
}

double measure_task(std::string_view) {
    return measure(&count_lines);
}
double measure_view(std::string_view) {
    return measure(&count_views);
}
double measure_fiber(std::string_view) {
    return measure(&count_in_fiber);
}

/// What a C++ program without weft would write.
double measure_getline(std::string_view) {
    return bench::ns_each(lines, [](std::uint64_t n) {
        std::uint64_t bytes = 0;
        for (; n > 0; n -= block_lines) {
            std::istringstream in(block());
            for (std::string line; std::getline(in, line);) bytes += line.size();
        }
        bench::require(bytes % 39 == 0 && bytes > 0, "the bytes of all lines");
    });
}

/// The least that it takes to make a string of each line.
double measure_memchr(std::string_view) {
    return bench::ns_each(lines, [](std::uint64_t n) {
        std::uint64_t bytes = 0;
        for (; n > 0; n -= block_lines) {
            std::string_view rest = block();
            while (!rest.empty()) {
                const void* const end = std::memchr(rest.data(), '\n', rest.size());
                const auto length =
                    static_cast<std::size_t>(static_cast<const char*>(end) - rest.data());
                const std::string line(rest.substr(0, length));
                const char* made = line.data();
                bench::keep(made);
                bytes += line.size();
                rest.remove_prefix(length + 1);
            }
        }
        bench::require(bytes % 39 == 0 && bytes > 0, "the bytes of all lines");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_line",
                      {{"task", measure_task},
                       {"view", measure_view},
                       {"fiber", measure_fiber},
                       {"getline", measure_getline},
                       {"memchr", measure_memchr}});
}
