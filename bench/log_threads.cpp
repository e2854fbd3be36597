// How fast the lines with a word are counted in a log of 1 GB by one thread, by two, and by two
// processes. On the wall: that is what more of them are for.

#include "bench.hpp"
#include "log.hpp"

#include <weft/pipeline/grep.hpp>
#include <weft/pipeline/lines.hpp>
#include <weft/pipeline/parallel_map.hpp>
#include <weft/pipeline/text_parts.hpp>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace {

std::uint64_t number_of(std::string_view log, std::string_view wanted) {
    std::ifstream file(bench::numbers_path(log));
    std::string key;
    std::uint64_t value = 0;
    while (file >> key >> value)
        if (key == wanted) return value;
    bench::require(false, "FILE is a log written by make_log");
    return 0;
}

std::uint64_t count_in(weft::text_part part) {
    const weft::grep_stage word = weft::grep(std::string(bench::word));
    weft::text_part_reader reader(std::move(part));
    std::uint64_t found = 0;
    std::string_view line;
    for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
        for (weft::line_search search(word, block); search.next(line);) ++found;
    return found;
}

template <class Count>
double rate(std::string_view log, Count count) {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t found = count();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    bench::require(found == number_of(log, "matches"), "the number of lines with the word");
    return static_cast<double>(number_of(log, "bytes")) * 1e3 / took.count();
}

double measure_one(std::string_view log) {
    return rate(log, [log] {
        std::uint64_t found = 0;
        for (std::string_view line :
             weft::lines(std::string(log)) | weft::grep(std::string(bench::word))) {
            static_cast<void>(line);
            ++found;
        }
        return found;
    });
}
template <class Stage>
double measure_parts(std::string_view log, Stage stage) {
    return rate(log, [&] {
        std::uint64_t found = 0;
        for (const std::uint64_t n : weft::text_parts(std::string(log)) | std::move(stage))
            found += n;
        return found;
    });
}
double measure_two(std::string_view log) {
    return measure_parts(log, weft::parallel_map(2, count_in));
}
double measure_processes(std::string_view log) {
    return measure_parts(log, weft::parallel_map(2, count_in).in_processes());
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "MB_per_s",
                      {{"1", measure_one}, {"2", measure_two}, {"2-processes", measure_processes}});
}
