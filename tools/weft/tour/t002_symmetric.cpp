// Article 002: from subroutines to symmetric coroutines, which greenlet brings to Python.

#include "measure.hpp"
#include "program.hpp"
#include "symmetric.hpp"

#include "weft/machine/sanitizer.hpp"
#include "weft/weft.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace weft::tour {
namespace {

// 2.1
void c(guide& show) {
    show.print("c start\n");
    show.print("c end\n");
}
void b(guide& show) {
    show.print("b start\n");
    c(show);
    show.print("b end\n");
}
void a(guide& show) {
    show.print("a start\n");
    b(show);
    show.print("a end\n");
}

// 2.2. As subroutines, each hand-over is a call that has not returned.
void consume_plain(long left);
[[gnu::noinline]] void produce_plain(long left) {
    if (left > 0) consume_plain(left - 1);
    opaque(left);
}
[[gnu::noinline]] void consume_plain(long left) {
    if (left > 0) produce_plain(left - 1);
    opaque(left);
}

/// Whether a child process survives the plain version on a stack of 256 KiB.
bool survives_plain(long hand_offs) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::close(STDERR_FILENO);  // Its report of the overflow belongs to 256 KiB, not to the tour.
        greenlet small([hand_offs] { produce_plain(hand_offs); },
                       greenlet_options{}.stack(256 * 1024));
        small.switch_to();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

long resident_pages() {
    std::ifstream statm("/proc/self/statm");
    long all = 0;
    long resident = 0;
    statm >> all >> resident;
    return resident;
}

void mutual_calls(guide& show) {
    const long hand_offs = scaled(10'000'000);
    show.print("as subroutines: {}\n",
               survives_plain(hand_offs) ? "survived" : "died of its stack");
    long left = hand_offs;
    greenlet main = greenlet::current();
    greenlet* producer = nullptr;
    greenlet consumer([&] {
        for (;;) producer->switch_to();
    });
    greenlet produces([&] {
        for (; left > 0; --left) consumer.switch_to();
    });
    producer = &produces;
    consumer.switch_to();  // Both stacks are in use from here on.
    const long before = resident_pages();
    while (!produces.dead()) produces.switch_to();
    show.print("as coroutines:  {} hand-offs\n", hand_offs);
    show.check(left == 0, "all hand-offs were made");
    show.check(resident_pages() - before < 64, "and the memory stayed as it was");
}

// 2.3. A peer names who goes on; nobody is the caller to whom it would return.
void peers_with_stacks(guide& show) {
    greenlet main = greenlet::current();
    std::vector<greenlet> peers;
    for (const char name : {'a', 'b', 'c'})
        peers.emplace_back([&, name] {
            const std::size_t next = static_cast<std::size_t>(name - 'a' + 1) % 3;
            show.print("{} ", name);
            peers[next].switch_to();
            show.print("{} ", name);
            name == 'c' ? main.switch_to() : peers[next].switch_to();
        });
    peers[0].switch_to();
    show.print("\n");
}

symmetric peer(guide& show, transfers& state, char name, std::vector<symmetric>& peers) {
    const std::size_t next = static_cast<std::size_t>(name - 'a' + 1) % 3;
    show.print("{} ", name);
    co_await to(state, peers[next]);
    show.print("{} ", name);
    if (name != 'c') co_await to(state, peers[next]);
}

void peers(guide& show) {
    peers_with_stacks(show);
    transfers state;
    std::vector<symmetric> all;
    for (const char name : {'a', 'b', 'c'}) all.push_back(peer(show, state, name, all));
    run_symmetric(state, all[0]);
    show.print("\n");
}

// 2.4
void the_speaker(guide& show) {
    greenlet main = greenlet::current();
    greenlet speaker([&] {
        show.print("a: Good morning, everybody!\n");
        main.switch_to();
        show.print("a: As I was about to say: coroutines remember where they were.\n");
    });
    greenlet notice([&] { show.print("b: An urgent notice. Thank you.\n"); });
    speaker.switch_to();
    notice.switch_to();
    speaker.switch_to();
    show.check(speaker.dead() && notice.dead(), "both have said all they had to say");
}

// 2.6
auto threads_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

void unknown_to_the_kernel(guide& show) {
    // One; more when a loop has run before, whose watchdog is a thread, or under a sanitizer.
    const auto threads_before = threads_of_this_process();
    // The thread sanitizer knows of 8,000 stacks at most.
    const int count = WEFT_TSAN ? 1000 : scaled(100'000);
    greenlet main = greenlet::current();
    std::vector<greenlet> alive;
    alive.reserve(static_cast<std::size_t>(count));
    int begun = 0;
    for (int i = 0; i < count; ++i) {
        alive.emplace_back(
            [&] {
                ++begun;
                main.switch_to();
            },
            greenlet_options{}.stack(32 * 1024).guard(4096));
        alive.back().switch_to();
    }
    const auto threads = threads_of_this_process();
    show.print("{} alive, {} in /proc/self/task\n", begun, threads);
    show.check(begun == count, "each has begun and waits");
    show.check(threads == threads_before, "the kernel knows of none of them");
}

}  // namespace

programs symmetric_coroutines() {
    return {
        {
            .id = "2.1",
            .title = "subroutines: last called, first to end",
            .shows = "Three nested calls, each on top of the other's stack frame.",
            .run = a,
            .expected = "a start\nb start\nc start\nc end\nb end\na end\n",
        },
        {
            .id = "2.2",
            .title = "producer and consumer that call each other",
            .shows = "As subroutines they overflow the stack; as coroutines they take turns.",
            .run = mutual_calls,
            .expected = "as subroutines: died of its stack\n"
                        "as coroutines:  … hand-offs\n",
        },
        {
            .id = "2.3",
            .title = "symmetric coroutines are peers",
            .shows = "Round a ring without a caller: with stacks, and by symmetric transfer.",
            .run = peers,
            .expected = "a b c a b c \na b c a b c \n",
        },
        {
            .id = "2.4",
            .title = "the speaker who is interrupted",
            .shows = "After the notice the speaker goes on, and repeats nothing.",
            .run = the_speaker,
            .expected = "a: Good morning, everybody!\n"
                        "b: An urgent notice. Thank you.\n"
                        "a: As I was about to say: coroutines remember where they were.\n",
        },
        {
            .id = "2.6",
            .title = "threads that the kernel does not know of",
            .shows = "A hundred thousand are alive at once; the process has one task.",
            .run = unknown_to_the_kernel,
            .expected = "… alive, … in /proc/self/task\n",
        },
    };
}

}  // namespace weft::tour
