// Programs of eventlet and gevent, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.1: sleep(0) lets everybody else run who can.
task<> foo(guide& show) {
    show.print("Running in foo\n");
    co_await sleep(0s);
    show.print("Explicit context switch to foo again\n");
}
task<> bar(guide& show) {
    show.print("Explicit context to bar\n");
    co_await sleep(0s);
    show.print("Implicit context switch back to bar\n");
}
task<> both(guide& show) {
    co_await with_scope([&](scope& s) {
        s.spawn(foo(show));
        s.spawn(bar(show));
    });
}

void foo_in_fiber(guide& show) {
    show.print("Running in foo\n");
    await(sleep(0s));
    show.print("Explicit context switch to foo again\n");
}
void bar_in_fiber(guide& show) {
    show.print("Explicit context to bar\n");
    await(sleep(0s));
    show.print("Implicit context switch back to bar\n");
}
void both_in_fibers(guide& show) {
    await(with_scope([&](scope& s) {
        s.spawn(foo_in_fiber, std::ref(show));
        s.spawn(bar_in_fiber, std::ref(show));
    }));
}

void ping_pong(guide& show) {
    play_both(
        show, [](guide& out) { run(both(out)); },
        [](guide& out) { run(both_in_fibers, std::ref(out)); });
}

}  // namespace

programs eventlet() {
    return {
        {
            .id = "E.1",
            .title = "ping-pong by sleep(0)",
            .shows = "Two coroutines hand over to each other by a sleep of no time.",
            .run = ping_pong,
            .expected = "Running in foo\nExplicit context to bar\n"
                        "Explicit context switch to foo again\n"
                        "Implicit context switch back to bar\n",
        },
    };
}

}  // namespace weft::tour
