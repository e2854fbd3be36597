// Groups and pools of gevent and eventlet, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/core/group.hpp"
#include "weft/core/pool.hpp"
#include "weft/weft.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.5: the larger an item, the sooner it is done.
const std::vector<int> items = {0, 1, 2};

task<std::string> intensive(int n) {
    co_await sleep((3 - n) * 40ms);
    co_return "task " + std::to_string(n);
}
std::string intensive_in_fiber(int n) {
    await(sleep((3 - n) * 40ms));
    return "task " + std::to_string(n);
}

task<> group_maps(guide& show) {
    group g;
    const std::vector<std::string> all = co_await g.map(intensive, items);
    show.print("map:            {}, {}, {}\n", all[0], all[1], all[2]);
    auto ordered = g.imap(intensive, items);
    while (const auto one = co_await ordered.next()) show.print("imap:           {}\n", *one);
    auto unordered = g.imap_unordered(intensive, items);
    while (const auto one = co_await unordered.next()) show.print("imap_unordered: {}\n", *one);
}
void group_maps_in_fiber(guide& show) {
    group g;
    const std::vector<std::string> all = await(g.map(intensive_in_fiber, items));
    show.print("map:            {}, {}, {}\n", all[0], all[1], all[2]);
    for (const auto& one : g.imap(intensive_in_fiber, items))
        show.print("imap:           {}\n", one);
    for (const auto& one : g.imap_unordered(intensive_in_fiber, items))
        show.print("imap_unordered: {}\n", one);
}

void maps(guide& show) {
    play_both(
        show, [](guide& out) { run(group_maps(out)); },
        [](guide& out) { run(group_maps_in_fiber, std::ref(out)); });
}

// E.6: five callers of a pool of two.

/// Those who are in it together sleep until the same time, so that each round says how many it had.
struct rounds {
    pool two{2};
    std::vector<std::size_t> sizes;
    std::size_t most = 0;
    int now = 0;
    clock::time_point end;

    /// Gives the time of the round's end.
    clock::time_point enter() {
        most = std::max(most, two.size());
        if (now++ == 0) {
            sizes.push_back(0);
            end = clock::now() + 10ms;
        }
        ++sizes.back();
        return end;
    }
    void leave() { --now; }
    void tell(guide& show) const {
        show.print("sizes:");
        for (const std::size_t n : sizes) show.print(" {}", n);
        show.print("\n");
        show.check(most == 2, "never more than two at once");
    }
};

task<> hello_from(rounds& all) {
    co_await sleep_until(all.enter());
    all.leave();
}
task<> five_in_two(guide& show) {
    rounds all;
    for (int i = 0; i < 5; ++i) {
        auto caller = co_await all.two.spawn(hello_from, std::ref(all));
        caller.detach();
    }
    co_await all.two.join();
    all.tell(show);
}

void hello_from_fiber(rounds& all) {
    await(sleep_until(all.enter()));
    all.leave();
}
void five_in_two_in_fiber(guide& show) {
    rounds all;
    for (int i = 0; i < 5; ++i) await(all.two.spawn(hello_from_fiber, std::ref(all))).detach();
    await(all.two.join());
    all.tell(show);
}

void pool_of_two(guide& show) {
    play_both(
        show, [](guide& out) { run(five_in_two(out)); },
        [](guide& out) { run(five_in_two_in_fiber, std::ref(out)); });
}

}  // namespace

programs groups() {
    return {
        {
            .id = "E.5",
            .title = "a group maps",
            .shows = "The same work in the order of the input, and in that of its ends.",
            .run = maps,
            .expected = "map:            task 0, task 1, task 2\n"
                        "imap:           task 0\nimap:           task 1\n"
                        "imap:           task 2\n"
                        "imap_unordered: task 2\nimap_unordered: task 1\n"
                        "imap_unordered: task 0\n",
        },
        {
            .id = "E.6",
            .title = "a pool of two",
            .shows = "Five callers, two at once.",
            .run = pool_of_two,
            .expected = "sizes: 2 2 1\n",
        },
    };
}

}  // namespace weft::tour
