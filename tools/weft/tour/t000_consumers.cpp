// Article 000, second part: coroutines that consume.

#include "program.hpp"

#include "weft/weft.hpp"

#include <string>
#include <string_view>

namespace weft::tour {
namespace {

// The article's grep under its @coroutine decorator: a consumer is primed when it is made.
consumer<std::string_view> grep(std::string pattern, guide& show) {
    show.print("looking for pattern {}\n", pattern);
    for (;;) {
        std::string_view line = co_await receive;
        if (line.find(pattern) != line.npos) show.print("{}\n", line);
    }
}

// The same without the decorator: it has to be run to its first yield by hand.
generator<void, std::string_view> undecorated(std::string pattern, guide& show) {
    show.print("looking for pattern {}\n", pattern);
    for (;;) {
        std::string_view line = co_yield nothing;
        if (line.find(pattern) != line.npos) show.print("{}\n", line);
    }
}

// 0.8
void decorator(guide& show) {
    auto python = grep("python", show);
    show.check(python.send("python coroutines rock!"), "the first send needs no next()");

    auto ply = undecorated("ply", show);
    try {
        ply.send("ply is sent too early");
        show.check(false, "the unprimed form refuses a value");
    } catch (const not_started&) {
        show.print("unprimed: not_started\n");
    }
    ply.next();
    ply.send("ply once it has been primed");
}

// 0.9. What leaves the body runs its destructors, as a return would.
class farewell {
public:
    explicit farewell(guide& show) : show_(show) {}
    farewell(const farewell&) = delete;
    farewell& operator=(const farewell&) = delete;
    ~farewell() { show_.print("the body unwinds\n"); }

private:
    guide& show_;
};

consumer<int> sums(guide& show) {
    const farewell goodbye(show);
    for (int total = 0;;) {
        total += co_await receive;
        show.print("total {}\n", total);
    }
}

void close(guide& show) {
    auto s = sums(show);
    s.send(3);
    s.send(4);
    s.close();
    show.print("closed\n");
    show.check(!s.send(5), "a later send reports that it has finished");
    s.close();
    show.check(s.state() == generator_state::closed, "a second close does nothing");
}

}  // namespace

programs consumers() {
    return {
        {
            .id = "0.8",
            .title = "the @coroutine decorator",
            .shows =
                "A consumer is ready for its first item when it is made; a bare generator is not.",
            .run = decorator,
            .expected = "looking for pattern python\n"
                        "python coroutines rock!\n"
                        "unprimed: not_started\n"
                        "looking for pattern ply\n"
                        "ply once it has been primed\n",
        },
        {
            .id = "0.9",
            .title = "close()",
            .shows = "Closing raises generator_exit where the body waits, so its destructors run.",
            .run = close,
            .expected = "total 3\ntotal 7\nthe body unwinds\nclosed\n",
        },
    };
}

}  // namespace weft::tour
