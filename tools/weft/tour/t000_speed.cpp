// Article 000 and the course's benchmark: a coroutine against an object with a method.
//
// The article says that coroutines are faster. That was so in the CPython of its day, where a
// method call looks names up; compiled, both are a few nanoseconds. The table is measured, and no
// winner is stated.

#include "measure.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weft::tour {
namespace {

constexpr int sends = scaled(2'000'000);

// 0.12: the least that a stage can do, so that what is seen is the cost of the send.
consumer<int> adder(long& total) {
    for (;;) total += co_await receive;
}

struct adding_struct {
    long& total;
    void send(int item) { total += item; }
};

struct handler {
    virtual ~handler() = default;
    virtual void send(int item) = 0;
};
struct adding_handler final : handler {
    explicit adding_handler(long& sum) : total(sum) {}
    // Out of line, as a handler in another file is.
    [[gnu::noinline]] void send(int item) override { total += item; }
    long& total;
};

void row(guide& show, std::string_view what, double nanoseconds) {
    show.print("{:<28}{:>8.1f} ns\n", what, nanoseconds);
}

void handlers(guide& show) {
    long total = 0;
    auto coroutine = adder(total);
    adding_struct object{total};
    std::unique_ptr<handler> virtual_object = std::make_unique<adding_handler>(total);
    std::function<void(int)> function = [&total](int item) { total += item; };
    opaque(virtual_object);
    opaque(function);

    row(show, "consumer", nanoseconds_each(sends, [&](int i) { coroutine.send(i); }));
    row(show, "struct handler, inlined", nanoseconds_each(sends, [&](int i) {
            object.send(i);
            opaque(total);
        }));
    row(show, "virtual handler, called",
        nanoseconds_each(sends, [&](int i) { virtual_object->send(i); }));
    row(show, "std::function, called", nanoseconds_each(sends, [&](int i) { function(i); }));
    const long once = static_cast<long>(sends) * (sends - 1) / 2;
    show.check(total == 4 * 5 * once, "all four have added up the same");
}

// B.6: the course's benchmark.py: a million lines that match, into a sink that does nothing.
using line = std::string_view;

consumer<line> null() {
    for (;;) co_await receive;
}

consumer<line> grep(std::string pattern, consumer<line> target) {
    for (;;) {
        line text = co_await receive;
        if (text.find(pattern) != text.npos) target.send(text);
    }
}

class grep_handler {
public:
    grep_handler(std::string pattern, consumer<line> target)
        : pattern_(std::move(pattern)), target_(std::move(target)) {}
    void send(line text) {
        if (text.find(pattern_) != text.npos) target_.send(text);
    }

private:
    std::string pattern_;
    consumer<line> target_;
};

void course_benchmark(guide& show) {
    line text = "python is nice";
    auto coroutine = grep("python", null());
    grep_handler object("python", null());
    row(show, "grep, a coroutine", nanoseconds_each(sends, [&](int) {
            opaque(text);
            coroutine.send(text);
        }));
    row(show, "grep, an object, inlined", nanoseconds_each(sends, [&](int) {
            opaque(text);
            object.send(text);
        }));
}

}  // namespace

programs handlers_compared() {
    return {
        {
            .id = "0.12",
            .title = "coroutines against handler objects, ns a send",
            .shows = "What a send costs in each form; the article's \"faster\" was a property of "
                     "CPython.",
            .run = handlers,
            .expected = "consumer … ns\nstruct handler, inlined … ns\n"
                        "virtual handler, called … ns\nstd::function, called … ns\n",
        },
    };
}

programs course_speed() {
    return {
        {
            .id = "B.6",
            .title = "benchmark: grep as a coroutine and as an object",
            .shows = "The course's own comparison, ns a line; no winner is stated.",
            .run = course_benchmark,
            .expected = "grep, a coroutine … ns\ngrep, an object, inlined … ns\n",
        },
    };
}

}  // namespace weft::tour
