// Article 000: coroutines in threads and in processes: the same consumer, called directly, on a
// thread of its own, and in a subprocess.

#include "measure.hpp"
#include "program.hpp"
#include "scratch_log.hpp"

#include "weft/file/line_writer.hpp"
#include "weft/pipeline/forked.hpp"
#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/stages.hpp"
#include "weft/pipeline/threaded.hpp"
#include "weft/weft.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weft::tour {
namespace {

using line = std::string_view;

// 0.14: what arrived, on which threads, and how often it was closed.
struct arrivals {
    std::vector<int> items;
    std::vector<std::thread::id> threads;
    int closes = 0;
};

consumer<int> collector(arrivals& all) {
    try {
        for (;;) {
            const int item = co_await receive;
            all.items.push_back(item);
            const auto here = std::this_thread::get_id();
            if (std::ranges::find(all.threads, here) == all.threads.end())
                all.threads.push_back(here);
        }
    } catch (const generator_exit&) {
        ++all.closes;
    }
}

void on_one_other_thread(guide& show) {
    constexpr int count = scaled(1'000'000);
    arrivals all;
    auto target = threaded(collector(all));
    for (int i = 0; i < count; ++i) target.send(i);
    target.close();  // all is taken, the target closed, the thread joined

    int next = 0;
    const bool in_order = std::ranges::all_of(all.items, [&](int i) { return i == next++; });
    show.check(in_order && next == count, "all items came, in order");
    show.print("{} thread, {} close\n", all.threads.size(), all.closes);
    show.check(all.threads.front() != std::this_thread::get_id(), "the thread is another one");
}

// 0.15: a queue between two threads against a call.
consumer<int> adder(long& total) {
    for (;;) total += co_await receive;
}

void queue_or_call(guide& show) {
    constexpr int sends = scaled(1'000'000);
    long total = 0;
    auto direct = adder(total);
    const double call = nanoseconds_each(sends, [&](int i) { direct.send(i); });
    direct.close();
    long there = 0;
    auto across = threaded(adder(there));
    const double queue = nanoseconds_each(sends, [&](int i) { across.send(i); });
    across.close();

    show.print("direct send   {:.1f} ns\n", call);
    show.print("threaded send {:.1f} ns\n", queue);
    show.print("ratio         {:.1f}\n", queue / call);
    show.check(total == there, "both have added up the same");
}

// 0.16: the environment is none of the consumer's business.
consumer<line> numbered(std::string path) {
    line_writer out(std::move(path), line_writer::mode::truncate);
    int n = 0;
    try {
        for (;;) {
            line text = co_await receive;
            out.write_line(std::to_string(++n) + " " + std::string(text));
        }
    } catch (const generator_exit&) {
        out.write_line("end of file");
        out.flush();
    }
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

void three_environments(guide& show) {
    std::vector<std::string> log;
    for (int i = 0; i < 20'000; ++i)
        log.push_back((i % 7 == 0 ? "python " : "ply ") + std::to_string(i));
    scratch_log direct;
    scratch_log thread;
    scratch_log process;

    log | grep("python") | numbered(direct.path());
    log | grep("python") | threaded(numbered(thread.path()));
    log | grep("python") | forked(numbered, process.path());

    const std::string expected = contents(direct.path());
    show.print("{} bytes\n", expected.size());
    show.check(contents(thread.path()) == expected, "a thread has written the same bytes");
    show.check(contents(process.path()) == expected, "a subprocess has written the same bytes");
    show.check(expected.ends_with("end of file\n"), "close() was the end of file in each");
}

}  // namespace

programs environments() {
    return {
        {
            .id = "0.14",
            .title = "threaded(target): a consumer on a thread of its own",
            .shows = "All items in order on one other thread; close() reaches the target once and "
                     "joins the thread.",
            .run = on_one_other_thread,
            .expected = "1 thread, 1 close\n",
        },
        {
            .id = "0.15",
            .title = "a queue between threads against a direct send",
            .shows = "What an item costs each way, measured, and the ratio (CPython: 46 to 133).",
            .run = queue_or_call,
            .expected = "direct send … ns\nthreaded send … ns\nratio …\n",
        },
        {
            .id = "0.16",
            .title = "one consumer directly, in a thread, in a subprocess",
            .shows = "The environment is interchangeable: three times the same bytes; close() is "
                     "the end of file in the subprocess.",
            .run = three_environments,
            .expected = "… bytes\n",
        },
    };
}

}  // namespace weft::tour
