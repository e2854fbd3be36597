// The course: its pipelines over the log of a web server.

#include "program.hpp"
#include "scratch_log.hpp"

#include "weft/pipeline/broadcast.hpp"
#include "weft/pipeline/follow.hpp"
#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/lines.hpp"
#include "weft/pipeline/stages.hpp"
#include "weft/weft.hpp"

#include <array>
#include <string>
#include <string_view>

namespace weft::tour {
namespace {

using line = std::string_view;

// The course's log has page hits of dabeaz.com: 1,353 of them, of which 214 contain "python". Ours
// is made up, with the same numbers, and the rest spread over other pages.
constexpr int hits = 1353;
constexpr int python_hits = 214;

generator<std::string> page_hits() {
    constexpr std::array<line, 3> pages{"/ply/", "/swig/", "/images/logo.gif"};
    for (int i = 0; i < hits; ++i) {
        const bool is_python = i * python_hits / hits != (i + 1) * python_hits / hits;
        const line page = is_python ? "/python/" : pages[static_cast<std::size_t>(i) % 3];
        std::string hit =
            fmt::format("10.0.0.{} - - \"GET {} HTTP/1.1\" 200 {}", i % 250, page, 1000 + i);
        co_yield std::move(hit);
    }
}

void write_page_hits(scratch_log& log) {
    for (const std::string& hit : page_hits()) log.append(hit + "\n");
}

// B.1: countdown.py, follow.py, pipeline.py
generator<int> countdown(int n, guide& show) {
    show.print("Counting down from {}\n", n);
    while (n > 0) co_yield n--;
}

void course_pipeline(guide& show) {
    for (int i : countdown(5, show)) show.print("{} ", i);
    show.print("\n");

    scratch_log log;
    int all = 0;
    int found = 0;
    bool has_written = false;
    auto access_log = follow(log.path()).stop_on(log.stop_fd()).on_idle([&] {
        if (has_written) return log.stop();
        write_page_hits(log);
        has_written = true;
    });
    std::string last;
    for (line hit : std::move(access_log) | count(all) | grep("python")) {
        if (++found == 1) show.print("{}\n", hit);
        last = hit;
    }
    show.print("...\n{}\n{} page hits, {} with python\n", last, all, found);
}

// B.5: copipe.py, cobroadcast.py, cobroadcast2.py
consumer<line> printer(std::string name, guide& show) {
    for (;;) {
        line text = co_await receive;
        show.print("{}: {}\n", name, text);
    }
}

void fan_out_and_in(guide& show) {
    scratch_log log;
    log.append("python is nice\n"
               "swig wraps C\n"
               "ply is lex and yacc for python\n"
               "nothing of the kind\n");

    show.print("- copipe: one after the other\n");
    lines(log.path()) | grep("python") | grep("ply") | printer("both", show);

    show.print("- cobroadcast: three greps, each with its printer\n");
    lines(log.path()) |
        broadcast(grep("python") | printer("python", show), grep("ply") | printer("ply", show),
                  grep("swig") | printer("swig", show));

    show.print("- cobroadcast2: three greps, one printer\n");
    auto p = printer("one", show);
    lines(log.path()) |
        broadcast(grep("python") | p.share(), grep("ply") | p.share(), grep("swig") | p.share());
}

}  // namespace

programs course_pipelines() {
    return {
        {
            .id = "B.1",
            .title = "countdown, follow, pipeline",
            .shows = "A made-up log of 1,353 page hits, followed; 214 of its lines contain python.",
            .run = course_pipeline,
            .expected = "Counting down from 5\n5 4 3 2 1 \n"
                        "10.0.0.6 - - \"GET /python/ HTTP/1.1\" 200 1006\n"
                        "...\n"
                        "10.0.0.102 - - \"GET /python/ HTTP/1.1\" 200 2352\n"
                        "1353 page hits, 214 with python\n",
        },
        {
            .id = "B.5",
            .title = "copipe, cobroadcast, cobroadcast2",
            .shows = "Fan-out to three greps, fan-in to one printer: a line that matches twice is "
                     "printed twice.",
            .run = fan_out_and_in,
            .expected = "- copipe: one after the other\n"
                        "both: ply is lex and yacc for python\n"
                        "- cobroadcast: three greps, each with its printer\n"
                        "python: python is nice\n"
                        "swig: swig wraps C\n"
                        "python: ply is lex and yacc for python\n"
                        "ply: ply is lex and yacc for python\n"
                        "- cobroadcast2: three greps, one printer\n"
                        "one: python is nice\n"
                        "one: swig wraps C\n"
                        "one: ply is lex and yacc for python\n"
                        "one: ply is lex and yacc for python\n",
        },
    };
}

}  // namespace weft::tour
