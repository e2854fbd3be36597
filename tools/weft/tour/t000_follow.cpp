// Article 000: the log that is followed, once pulled through generators and once pushed into a
// coroutine.
//
// The article's follow() asks for a line ten times a second and sleeps in between; weft's is woken
// by the kernel (inotify), and goes on when the log is truncated or rotated.

#include "program.hpp"
#include "scratch_log.hpp"

#include "weft/pipeline/follow.hpp"
#include "weft/weft.hpp"

#include <chrono>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>

namespace weft::tour {
namespace {

using line = std::string_view;

/// What follow() is shown: a log, and the program that writes to it.
class log_and_writer {
public:
    log_and_writer() { log_.append("python from before the start\n"); }

    /// Each pause of the reader lets the writer go on.
    [[nodiscard]] follow_source followed() {
        auto source = follow(log_.path());
        source.stop_on(log_.stop_fd()).on_idle([this] { reader_waits_.release(); });
        writer_ = std::jthread([this] { write(); });
        return source;
    }

private:
    void write() {
        const auto pause = [this] {
            static_cast<void>(reader_waits_.try_acquire_for(std::chrono::seconds(10)));
        };
        pause();
        log_.append("perl is nice\npython is nice\nruby is nice\n");
        pause();
        log_.truncate();
        log_.append("python after the truncation\n");
        pause();
        log_.rotate();
        log_.append("perl after the rotation\npython after the rotation\n");
        pause();
        log_.stop();
    }

    scratch_log log_;
    std::counting_semaphore<> reader_waits_{0};
    std::jthread writer_;  // Last, so that it has ended before what it uses goes.
};

// 0.6: pull. Both are generators.
generator<line> grep(std::string pattern, follow_source lines, guide& show) {
    show.print("looking for pattern {}\n", pattern);
    for (line each : lines)
        if (each.find(pattern) != each.npos) co_yield each;
}

void pull(guide& show) {
    log_and_writer test;
    auto results = grep("python", test.followed(), show);
    for (line each : results) show.print("{}\n", each);
}

// 0.7: push. grep is a coroutine that is sent each line. (The article's script calls grep()
// without its pattern and follow() with its arguments the wrong way round.)
consumer<line> grep(std::string pattern, guide& show) {
    show.print("looking for pattern {}\n", pattern);
    for (;;) {
        line each = co_await receive;
        if (each.find(pattern) != each.npos) show.print("{}\n", each);
    }
}

void push(guide& show) {
    log_and_writer test;
    auto filter = grep("python", show);
    for (line each : test.followed()) filter.send(each);
}

constexpr std::string_view both_print = "looking for pattern python\n"
                                        "python is nice\n"
                                        "python after the truncation\n"
                                        "python after the rotation\n";

}  // namespace

programs follow_a_log() {
    return {
        {
            .id = "0.6",
            .title = "follow a log, grep it: pull",
            .shows =
                "New lines with the word, in order, across truncation and rotation, by inotify.",
            .run = pull,
            .expected = both_print,
        },
        {
            .id = "0.7",
            .title = "follow a log, grep it: push",
            .shows = "The same with the direction turned round: follow sends, grep receives.",
            .run = push,
            .expected = both_print,
        },
    };
}

}  // namespace weft::tour
