#pragma once

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <string_view>

/// What the benchmark programs share.
///
/// A program answers one question. It has sides, weft's and its peers'; `generator_for weft` makes
/// one measurement of one side in a process of its own and prints one line, `<metric> <value>`.
/// `weft bench` interleaves the processes and takes the medians.
///
/// What is measured is processor time, user and system: nothing here waits, so on a quiet machine
/// it equals the time on the wall, and on a busy one it leaves out the turns of other programs.
namespace bench {

/// Processor time of this process so far, all of its threads, in nanoseconds.
[[nodiscard]] inline double cpu_ns() noexcept {
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Makes the compiler believe that `value` is used, and may be changed.
template <class T>
void keep(T& value) noexcept {
    asm volatile("" : "+m"(value) : : "memory");
}

/// Nanoseconds for each of `count` operations, all done by `work(count)`. A tenth of them go first,
/// unmeasured: they touch the pages and wake the processor.
template <class Work>
[[nodiscard]] double ns_each(std::uint64_t count, Work&& work) {
    work(count / 10);
    const double start = cpu_ns();
    work(count);
    return (cpu_ns() - start) / static_cast<double>(count);
}

/// Ends the process with an error: a side that computed something else did not do the same work.
void require(bool correct, std::string_view what);

/// Ends the process with an error: nothing can be measured here.
void need(bool there, std::string_view what);

/// Prints the line of a measurement and ends the process, with all that it still holds: for what
/// takes longer to take down than to measure.
[[noreturn]] void answer(std::string_view metric, double value);

/// One side of a benchmark. `measure` is called with the second argument of the program, or "".
struct side {
    std::string_view name;
    double (*measure)(std::string_view argument);
};

/// The `main` of a benchmark program; returns its exit status, 2 for wrong usage.
int run(int argc, char** argv, std::string_view metric, std::initializer_list<side> sides);

/// Exit status of a side whose program or file is not on this machine, as the shell has it.
inline constexpr int not_installed = 127;

}  // namespace bench
