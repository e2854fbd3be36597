// The course: what must not be done to a coroutine, and what happens then.

#include "program.hpp"

#include "weft/weft.hpp"

#include <latch>
#include <string>
#include <thread>

namespace weft::tour {
namespace {

// B.9: cocrash.py. The course lets two threads send until they collide; here the body stays inside
// one item until the second thread has been refused, so that they do.
consumer<int> slow(std::latch& inside, std::latch& leave, int& received) {
    for (;;) {
        received = co_await receive;
        inside.count_down();
        leave.wait();
    }
}

void two_threads(guide& show) {
    std::latch inside{1};
    std::latch leave{1};
    int received = 0;
    std::string refusal = "none";
    auto target = slow(inside, leave, received);

    std::thread first([&] { target.send(1); });
    std::thread second([&] {
        inside.wait();
        try {
            target.send(2);
        } catch (const already_executing&) {
            refusal = "already_executing";
        }
        leave.count_down();
    });
    first.join();
    second.join();

    show.print("received: {}\n", received);
    show.print("second thread: {}\n", refusal);
    show.check(target.send(3) && received == 3, "the consumer lives on");
}

// B.10. The argument is a reference because the other one does not exist yet when the first is
// made.
consumer<int> relay(char name, consumer<int>*& target, guide& show) {
    try {
        for (;;) {
            int item = co_await receive;
            show.print("{} got {}\n", name, item);
            target->send(item + 1);
        }
    } catch (const already_executing&) {
        show.print("{} ends: already_executing\n", name);
        throw;
    }
}

void cycle(guide& show) {
    consumer<int>* to_a = nullptr;
    consumer<int>* to_b = nullptr;
    auto a = relay('A', to_b, show);
    auto b = relay('B', to_a, show);
    to_a = &a;
    to_b = &b;
    try {
        a.send(1);
        show.check(false, "the cycle is refused");
    } catch (const already_executing&) {
        show.print("the sender gets it too\n");
    }
    show.check(!a.send(2) && !b.send(2), "both have ended");
}

}  // namespace

programs course_misuse() {
    return {
        {
            .id = "B.9",
            .title = "cocrash: two threads send into one consumer",
            .shows = "The second is refused by an error; CPython's generators of the day crashed.",
            .run = two_threads,
            .expected = "received: 1\nsecond thread: already_executing\n",
        },
        {
            .id = "B.10",
            .title = "cycles: A sends to B, B sends to A",
            .shows = "A coroutine that is already running cannot be resumed: the chain unwinds.",
            .run = cycle,
            .expected = "A got 1\nB got 2\n"
                        "B ends: already_executing\nA ends: already_executing\n"
                        "the sender gets it too\n",
        },
    };
}

}  // namespace weft::tour
