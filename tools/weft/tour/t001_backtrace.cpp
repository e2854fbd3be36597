// Article 001: callbacks lose the stack, coroutines keep it.

#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string_view>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

std::string_view file_name(const std::source_location& at) {
    const std::string_view path = at.file_name();
    return path.substr(path.rfind('/') + 1);
}

/// Whether `trace` lists, from the inside out, the places of `lines` in this file.
bool lists(const async_backtrace& trace, std::initializer_list<unsigned> lines) {
    std::vector<unsigned> found;
    for (const auto& at : trace.frames()) found.push_back(at.line());
    return std::ranges::equal(found, lines);
}

void print(const async_backtrace& trace, guide& show) {
    for (const auto& at : trace.frames()) show.print("  at {}:{}\n", file_name(at), at.line());
}

// 1.2, with callbacks: each step is called by the loop, when the one that asked for it has long
// returned. There is nobody to catch what it throws, and no way back to who wanted it.
using callbacks = std::deque<std::function<void()>>;

void read_page(callbacks&) {
    throw std::runtime_error("no such page");
}
void parse(callbacks& loop) {
    loop.emplace_back([&] { read_page(loop); });
}
void crawl(callbacks& loop, bool& caught) {
    try {
        loop.emplace_back([&] { parse(loop); });
    } catch (const std::runtime_error&) {
        caught = true;
    }
}

void with_callbacks(guide& show) {
    callbacks loop;
    bool caught = false;
    crawl(loop, caught);
    try {
        while (!loop.empty()) {
            const auto next = std::move(loop.front());
            loop.pop_front();
            next();
        }
    } catch (const std::runtime_error& error) {
        show.print("callbacks: '{}' reached the loop{}\n", error.what(),
                   caught ? "" : ", which knows of no crawl");
    }
}

// The same with coroutines. A line of each is kept, to compare.
constexpr unsigned here(std::source_location at = std::source_location::current()) {
    return at.line();
}
constexpr unsigned throw_line = here() + 2;
task<> read_page() {
    co_await sleep(1ms);
    throw std::runtime_error("no such page");
}
constexpr unsigned parse_line = here() + 2;
task<> parse() {
    co_await read_page();
}
constexpr unsigned crawl_line = here() + 2;
task<> crawl() {
    co_await parse();
}
constexpr unsigned main_line = here() + 2;
task<> crawl_all() {
    co_await crawl();
}

void with_tasks(guide& show) {
    try {
        run(crawl_all());
    } catch (const std::runtime_error& error) {
        const auto trace = async_backtrace::of(std::current_exception());
        show.print("tasks: '{}' reached run(), thrown after the first of these awaits:\n",
                   error.what());
        print(trace, show);
        show.check(lists(trace, {throw_line, parse_line, crawl_line, main_line}),
                   "all three awaits of the way, and where the thrower was");
    }
}

/// One that waits can be asked as well.
void while_it_waits(guide& show) {
    const auto trace = run([] {
        const auto h = spawn(crawl_all());
        await(yield_now());
        return h.backtrace();
    });
    show.check(trace.frames().size() >= 4 && trace.frames().front().line() == throw_line,
               "the same of one that is waiting, without an error");
}

void keeps_the_stack(guide& show) {
    with_callbacks(show);
    with_tasks(show);
    while_it_waits(show);
}

}  // namespace

programs backtraces() {
    return {
        {
            .id = "1.2",
            .title = "callbacks lose the stack, coroutines keep it",
            .shows = "A throw three awaits deep: who awaited whom, with file and line.",
            .run = keeps_the_stack,
            .expected = "callbacks: 'no such page' reached the loop, which knows of no crawl\n"
                        "tasks: 'no such page' reached run(), thrown after the first of these "
                        "awaits:\n"
                        "  at t001_backtrace.cpp:…\n  at t001_backtrace.cpp:…\n"
                        "  at t001_backtrace.cpp:…\n  at t001_backtrace.cpp:…\n",
        },
    };
}

}  // namespace weft::tour
