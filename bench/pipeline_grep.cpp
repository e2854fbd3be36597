// How fast the lines with a word are counted in a log of 1 GB: by block, with grep as the first
// stage; line by line, through three coroutines; by grep -c; by the courses' pipelines in Python.
//
// Each figure is of the whole process, from its start, so that no side's start is left out.

#include "bench.hpp"
#include "child.hpp"
#include "log.hpp"

#include <weft/core/consumer.hpp>
#include <weft/pipeline/grep.hpp>
#include <weft/pipeline/lines.hpp>

#include <fstream>
#include <string>

namespace {

bench::log_numbers numbers_of(std::string_view log) {
    bench::log_numbers numbers;
    std::ifstream file(bench::numbers_path(log));
    std::string key;
    std::uint64_t value = 0;
    while (file >> key >> value) {
        if (key == "bytes") numbers.bytes = value;
        if (key == "matches") numbers.matches = value;
    }
    bench::require(numbers.bytes > 0, "FILE is a log written by make_log");
    return numbers;
}

double rate(std::string_view log, std::uint64_t found, double cpu_ns) {
    const auto numbers = numbers_of(log);
    bench::require(found == numbers.matches, "the number of lines with the word");
    return static_cast<double>(numbers.bytes) * 1e3 / cpu_ns;  // bytes a nanosecond to MB a second
}

double measure_block(std::string_view log) {
    std::uint64_t found = 0;
    for (std::string_view line :
         weft::lines(std::string(log)) | weft::grep(std::string(bench::word))) {
        static_cast<void>(line);
        ++found;
    }
    return rate(log, found, bench::cpu_ns());
}

weft::consumer<std::string_view> count_into(std::uint64_t& found) {
    for (;;) {
        std::string_view line = co_await weft::receive;
        static_cast<void>(line);
        ++found;
    }
}

// The lines are a generator, the grep and the count consumers: three coroutines, each line by
// itself.
double measure_lines(std::string_view log) {
    std::uint64_t found = 0;
    auto search = weft::grep(std::string(bench::word)) | count_into(found);
    weft::lines(std::string(log)) | search;
    return rate(log, found, bench::cpu_ns());
}

double measure_child(std::string_view log, std::vector<std::string> command) {
    command.emplace_back(log);
    const auto result = bench::run_child(std::move(command));
    return rate(log, std::stoull(result.output), result.cpu_ns);
}

double measure_grep(std::string_view log) {
    return measure_child(log, {"grep", "-c", std::string(bench::word)});
}
double measure_python_generators(std::string_view log) {
    return measure_child(log, {"python3", bench::beside_this_program("pipeline.py"), "generators"});
}
double measure_python_coroutines(std::string_view log) {
    return measure_child(log, {"python3", bench::beside_this_program("pipeline.py"), "coroutines"});
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "MB_per_s",
                      {{"block", measure_block},
                       {"lines", measure_lines},
                       {"grep", measure_grep},
                       {"python-generators", measure_python_generators},
                       {"python-coroutines", measure_python_coroutines}});
}
