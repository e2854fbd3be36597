// Subprocesses of gevent, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/process/subprocess.hpp"
#include "weft/weft.hpp"

#include <string>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.18: two commands at once. What else there is to do goes on meanwhile.

command after(std::chrono::milliseconds pause, const std::string& then) {
    return command("sh", "-c",
                   fmt::format("sleep {}; {}", std::chrono::duration<double>(pause).count(), then))
        .output(stdio::pipe());
}

struct two_commands {
    explicit two_commands(const guide& show)
        : first_pause(show.in_a_hurry() ? 400ms : 1500ms),
          second_pause(show.in_a_hurry() ? 300ms : 1000ms),
          first(subprocess::start(after(first_pause, "uname"))),
          second(subprocess::start(after(second_pause, "echo and $((6 * 7))"))) {
        overlap = !first.status() && !second.status();
    }

    std::chrono::milliseconds first_pause;
    std::chrono::milliseconds second_pause;
    stopwatch watch;
    subprocess first;
    subprocess second;
    bool overlap = false;
    int ticks = 0;

    void finish(guide& show, const communicated& a, const communicated& b) const {
        show.write(a.output);
        show.write(b.output);
        show.check(a.status.success() && b.status.success(), "both succeed");
        show.check(overlap, "both run at once, which takes the time of the longer");
        show.check(watch.elapsed() >= first_pause, "the longer is waited for");
        show.check(ticks > 10, "others run meanwhile");
    }
};

task<> tick(two_commands& two) {
    for (;; ++two.ticks) co_await sleep(10ms);
}
task<> in_parallel(guide& show) {
    two_commands two(show);
    const auto ticks = spawn(tick(two));
    auto said = co_await when_all(two.first.communicate(), two.second.communicate());
    ticks.cancel();
    co_await ticks.join();
    two.finish(show, std::get<0>(said), std::get<1>(said));
}

void in_parallel_fibers(guide& show) {
    two_commands two(show);
    const auto ticks = spawn(tick(two));
    const auto second = spawn([&] { return await(two.second.communicate()); });
    const communicated first = await(two.first.communicate());
    const communicated other = await(second);
    ticks.cancel();
    await(ticks.join());
    two.finish(show, first, other);
}

void parallel_subprocesses(guide& show) {
    play_both(
        show, [](guide& out) { run(in_parallel(out)); },
        [](guide& out) { run(in_parallel_fibers, std::ref(out)); });
}

}  // namespace

programs processes() {
    return {
        {
            .id = "E.18",
            .title = "two subprocesses at once",
            .shows = "Two programs run at the same time as coroutines of this one, and their "
                     "outputs come in the time of the longer.",
            .run = parallel_subprocesses,
            .expected = "Linux\nand 42\n",
        },
    };
}

}  // namespace weft::tour
