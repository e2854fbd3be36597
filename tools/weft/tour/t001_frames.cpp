// Article 001: a coroutine is a frame on the heap.

#include "program.hpp"

#include "weft/weft.hpp"

#include <string_view>
#include <thread>

namespace weft::tour {
namespace {

// 1.3
generator<int> counter() {
    for (int n = 1;; ++n) co_yield n;
}

generator<int> created_in_one_function() {
    return counter();
}
int resumed_in_another(generator<int>& g) {
    return *g.next();
}

void resumed_from_anywhere(guide& show) {
    const auto allocated_before = frame_pool_stats().allocated;
    auto g = created_in_one_function();
    show.print("resumed in another function: {}\n", resumed_in_another(g));
    int there = 0;
    std::thread([&] { there = resumed_in_another(g); }).join();
    show.print("resumed on another thread:   {}\n", there);
    show.print("resumed back here:           {}\n", *g.next());
    show.print("its frame:                   {} bytes\n", g.frame_bytes());
    show.check(frame_pool_stats().allocated - allocated_before == 1, "one allocation, its frame");
}

// 1.4. CPython's f_lasti (14 and 28) is an offset into byte code; compiled, the equal is a source
// line. f_locals is for the debugger: in a debug build, `weft generator b` of
// scripts/gdb/weft_gdb.py shows c = 10.
generator<int> a(guide& show) {
    [[maybe_unused]] int c = 10;
    show.print("haha\n");
    co_yield 1;
    show.print("wawa\n");
    co_yield 10;
    show.print("kaka\n");
}

void where_it_stands(guide& show) {
    auto b = a(show);
    b.next();
    const auto first = b.where().line();
    show.print("suspended in {}() at line {}\n", b.name(), first);
    b.next();
    const auto second = b.where().line();
    show.print("suspended in {}() at line {}\n", b.name(), second);
    b.next();
    show.print("finished\n");
    show.check(second == first + 2, "the second suspension is two lines below the first");
    show.check(b.address() == nullptr && b.frame_bytes() == 0, "the frame is gone");
}

// 1.5: gi_frame, gi_running, gi_yieldfrom are address(), state(), delegate().
std::string_view name_of(generator_state state) {
    switch (state) {
        case generator_state::created: return "created";
        case generator_state::suspended: return "suspended";
        case generator_state::running: return "running";
        case generator_state::closed: return "closed";
    }
    return "";
}

generator<int> inner() {
    co_yield 1;
}
generator<int> outer(const generator<int>*& self, guide& show) {
    show.print("from inside:   {}\n", name_of(self->state()));
    co_yield from(inner());
}

void attributes(guide& show) {
    const generator<int>* self = nullptr;
    auto g = outer(self, show);
    self = &g;
    show.print("called:        {}\n", name_of(g.state()));
    g.next();
    show.print("after next():  {}, frame at {}\n", name_of(g.state()), g.address());
    show.print("it waits for:  {}()\n", g.delegate().name());
    show.check(g.delegate().where().line() + 3 < g.where().line(), "delegate() knows its own line");
    g.next();
    show.print("finished:      {}\n", name_of(g.state()));
    show.check(!g.delegate(), "a finished one delegates to nobody");
}

}  // namespace

programs frames() {
    return {
        {
            .id = "1.3",
            .title = "a frame on the heap, resumed from anywhere",
            .shows =
                "Made in one function, resumed in another, then on another thread: one allocation.",
            .run = resumed_from_anywhere,
            .expected = "resumed in another function: 1\n"
                        "resumed on another thread:   2\n"
                        "resumed back here:           3\n"
                        "its frame:                   … bytes\n",
        },
        {
            .id = "1.4",
            .title = "haha, wawa, kaka: where a generator stands",
            .shows = "where() is the line of the co_yield that it is suspended at, as f_lasti in "
                     "Python.",
            .run = where_it_stands,
            .expected = "haha\nsuspended in a() at line …\n"
                        "wawa\nsuspended in a() at line …\n"
                        "kaka\nfinished\n",
        },
        {
            .id = "1.5",
            .title = "gi_frame, gi_running, gi_yieldfrom",
            .shows = "address(), state() and delegate() of a generator through its life.",
            .run = attributes,
            .expected = "called:        created\n"
                        "from inside:   running\n"
                        "after next():  suspended, frame at 0x…\n"
                        "it waits for:  inner()\n"
                        "finished:      closed\n",
        },
    };
}

}  // namespace weft::tour
