// Article 004: what it says of speed and of locks.

#include "measure.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <vector>

namespace weft::tour {
namespace {

// 4.3
generator<int> ticks() {
    for (int n = 0;; ++n) co_yield n;
}

void a_million_switches(guide& show) {
    auto g = ticks();
    // A resume is two switches: into the body and back.
    const double switches = 2e9 / nanoseconds_each(scaled(1'000'000), [&](int) { g.next(); });
    show.print("{:.1f} million switches a second\n", switches / 1e6);
    show.check(switches >= 1e6, "at least a million");
}

// 4.4
generator<void> increments(int times, int& counter) {
    for (int i = 0; i < times; ++i) {
        ++counter;
        co_yield nothing;
    }
}

void no_locks(guide& show) {
    int counter = 0;
    std::vector<generator<void>> coroutines;
    for (int i = 0; i < 1000; ++i) coroutines.push_back(increments(1000, counter));
    for (std::size_t running = coroutines.size(); running > 0;) {
        running = 0;
        for (auto& coroutine : coroutines)
            if (coroutine.next()) ++running;
    }
    show.print("1000 coroutines x 1000 increments = {}\n", counter);
}

// 4.5. The article sets a recursion that makes 25 thousand million calls against a generator that
// goes round a loop 50 times, and concludes that coroutines are fast. Fast is the loop.
long fab(int n) {
    return n <= 2 ? 1 : fab(n - 1) + fab(n - 2);
}

/// The value is the number of recursions that ended, so it tells how far the computation is.
void add_fab(int n, long& sum, guide& show) {
    if (n <= 38) {
        sum += fab(n);
        show.progress(
            fmt::format("    fab(50): {:.0f} %", 100.0 * static_cast<double>(sum) / 12586269025.0));
    } else {
        add_fab(n - 1, sum, show);
        add_fab(n - 2, sum, show);
    }
}

generator<long> fab_values(int max) {
    long previous = 0;
    long current = 1;
    for (int n = 0; n < max; ++n) {
        co_yield current;
        const long next = previous + current;
        previous = current;
        current = next;
    }
}

// Like the generator, these find each value once.
long fab_by_loop(int max) {
    long previous = 0;
    long current = 1;
    for (int n = 1; n < max; ++n) {
        const long next = previous + current;
        previous = current;
        current = next;
    }
    return current;
}

struct last_two {
    long previous;
    long current;
};
[[gnu::noinline]] last_two fab_pair(int n) {
    if (n <= 1) return {.previous = 0, .current = 1};
    const auto [previous, current] = fab_pair(n - 1);
    return {.previous = current, .current = previous + current};
}

void row(guide& show, const char* what, long (*work)(int)) {
    int fifty = 50;
    opaque(fifty);
    long value = 0;
    const double each = nanoseconds_each(1000, [&](int) {
        value = work(fifty);
        opaque(value);
    });
    show.print("  {:<12}fab(50) = {:<12}{:>10.0f} ns\n", what, value, each);
}

long fab_by_generator(int max) {
    long last = 0;
    for (long value : fab_values(max)) last = value;
    return last;
}

void fibonacci(guide& show) {
    show.print(
        "as in the article: a recursion of 25 thousand million calls, a loop of 50 rounds\n");
    const int n = show.in_a_hurry() ? 30 : 50;
    long value = 0;
    const auto start = std::chrono::steady_clock::now();
    add_fab(n, value, show);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    show.print("  {:<12}fab({}) = {:<12}{:>10.3f} s\n", "recursion", n, value, took.count());
    show.check(value == fab_by_loop(n), "the recursion and the loop give the same");
    if (n < 50) {
        const double times = static_cast<double>(fab_by_loop(50)) / static_cast<double>(value);
        show.print(
            "  {:<12}fab(50) has {:.0f} times the calls, {:.0f} s: it runs when 4.5 runs alone\n",
            "", times, took.count() * times);
    }
    row(show, "generator", fab_by_generator);
    show.print("like for like: 50 calls, 50 resumes, 50 rounds\n");
    row(show, "recursion", [](int max) { return fab_pair(max).current; });
    row(show, "generator", fab_by_generator);
    row(show, "loop", fab_by_loop);
}

}  // namespace

programs speed_and_locks() {
    return {
        {
            .id = "4.3",
            .title = "a million switches a second",
            .shows = "The article's figure is a loose floor.",
            .run = a_million_switches,
            .expected = "… million switches a second\n",
        },
        {
            .id = "4.4",
            .title = "no locks needed",
            .shows = "A thousand coroutines take turns to increment one plain int.",
            .run = no_locks,
            .expected = "1000 coroutines x 1000 increments = 1000000\n",
        },
        {
            .id = "4.5",
            .title = "fab(50) by recursion and by generator",
            .shows =
                "The article compares an exponential recursion with a loop; below, like with like.",
            .run = fibonacci,
            .expected = "as in the article: …\n"
                        "  recursion   fab(…0) = … s\n"
                        "⋮\n"
                        "  generator   fab(50) = 12586269025 … ns\n"
                        "like for like: 50 calls, 50 resumes, 50 rounds\n"
                        "  recursion   fab(50) = 12586269025 … ns\n"
                        "  generator   fab(50) = 12586269025 … ns\n"
                        "  loop        fab(50) = 12586269025 … ns\n",
        },
    };
}

}  // namespace weft::tour
