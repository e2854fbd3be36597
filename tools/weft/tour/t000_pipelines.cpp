// Article 000: pipelines of coroutines: a source, stages, a sink.

#include "program.hpp"

#include "weft/pipeline/grep.hpp"
#include "weft/pipeline/stages.hpp"
#include "weft/weft.hpp"

#include <array>
#include <string>
#include <string_view>

namespace weft::tour {
namespace {

using line = std::string_view;

constexpr std::array<line, 4> log_lines{"python 3 is out", "perl 6 is not", "no snakes here",
                                        "python coroutines rock!"};

// The sink. close() arrives as generator_exit.
consumer<line> printer(guide& show) {
    try {
        for (;;) {
            line text = co_await receive;
            show.print("{}\n", text);
        }
    } catch (const generator_exit&) {
        show.print("the sink is closed\n");
    }
}

// 0.10: the source is any range, the sink any consumer; what is between is written with '|'.
void source_stages_sink(guide& show) {
    const auto is_long = [](line text) { return text.size() > 15; };
    const std::size_t sent = log_lines | grep("python") | filter(is_long) | printer(show);
    show.print("{} line came through\n", sent);

    auto stages = grep("python") | filter(is_long) | printer(show);
    for (line text : log_lines) stages.send(text);
    stages.close();
    show.check(stages.state() == generator_state::closed, "close() of the first closes the last");
}

// 0.11: the article's grep(pattern, target), which hands on what matches.
consumer<line> grep(std::string pattern, consumer<line> target) {
    for (;;) {
        line text = co_await receive;
        if (text.find(pattern) != text.npos) target.send(text);
    }
}

void grep_in_the_middle(guide& show) {
    auto python = grep("python", printer(show));
    for (line text : log_lines) python.send(text);
    python.close();
}

}  // namespace

programs pipelines() {
    return {
        {
            .id = "0.10",
            .title = "a source, stages, a sink",
            .shows =
                "Pulled by the sink or pushed by hand: the same stages; close() goes to the end.",
            .run = source_stages_sink,
            .expected = "python coroutines rock!\nthe sink is closed\n1 line came through\n"
                        "python coroutines rock!\nthe sink is closed\n",
        },
        {
            .id = "0.11",
            .title = "grep(pattern, target) as a middle stage",
            .shows = "A coroutine that sends on: its target is closed when it is.",
            .run = grep_in_the_middle,
            .expected = "python 3 is out\npython coroutines rock!\nthe sink is closed\n",
        },
    };
}

}  // namespace weft::tour
