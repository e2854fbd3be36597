// The course: what was wrong in pyos, and is right here. From tasks and from fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

/// Prints the name of a function when it is left, by an exception too.
class unwound {
public:
    unwound(const char* name, guide& show) noexcept : name_(name), show_(show) {}
    unwound(const unwound&) = delete;
    unwound& operator=(const unwound&) = delete;
    ~unwound() { show_.print("{} unwound\n", name_); }

private:
    const char* name_;
    guide& show_;
};

// 1. The main loop of pyos7 polled for ever, with a task that never ends, and span when the others
// waited.
std::chrono::nanoseconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

template <class Wait>
void ends_and_never_spins(guide& show, Wait wait) {
    const auto before = processor_time();
    const stopwatch since;
    run(wait);
    show.print("1. the loop has ended\n");
    show.check(since.elapsed() >= 200ms && processor_time() - before < 50ms,
               "it slept until there was something to do");
}

// 2. sendval was kept: a task that was resumed for another reason saw the last answer again.
task<> sees_once(guide& show) {
    pipe p;
    co_await p.writer.write_all("a");
    std::string read(1, ' ');
    co_await p.reader.read_some(read.data(), 1);
    show.print("2. received {}", read);
    co_await yield_now();
    try {
        co_await with_timeout(1ms, p.reader.read_some(read.data(), 1));
        show.print(", and {} again\n", read);
    } catch (const timed_out&) {
        show.print(", then nothing\n");
    }
}
void sees_once_in_fiber(guide& show) {
    pipe p;
    await(p.writer.write_all("a"));
    std::string read(1, ' ');
    await(p.reader.read_some(read.data(), 1));
    show.print("2. received {}", read);
    await(yield_now());
    try {
        await(with_timeout(1ms, p.reader.read_some(read.data(), 1)));
        show.print(", and {} again\n", read);
    } catch (const timed_out&) {
        show.print(", then nothing\n");
    }
}

// 3. KillTask closed the coroutine on top only; those that waited for it were left.
task<> innermost(guide& show) {
    const unwound says("innermost", show);
    co_await sleep(1h);
}
task<> middle(guide& show) {
    const unwound says("middle", show);
    co_await innermost(show);
}
task<> outermost(guide& show) {
    const unwound says("outermost", show);
    co_await middle(show);
}
task<> kill_nested(guide& show) {
    const auto victim = spawn(outermost(show));
    co_await yield_now();
    show.print("3. ");
    victim.cancel();
    co_await victim.join();
}

void innermost_in_fiber(guide& show) {
    const unwound says("innermost", show);
    await(sleep(1h));
}
void middle_in_fiber(guide& show) {
    const unwound says("middle", show);
    innermost_in_fiber(show);
}
void outermost_in_fiber(guide& show) {
    const unwound says("outermost", show);
    middle_in_fiber(show);
}
void kill_nested_in_fiber(guide& show) {
    const auto victim = spawn(outermost_in_fiber, std::ref(show));
    await(yield_now());
    show.print("3. ");
    victim.cancel();
    await(victim.join());
}

// 4. A killed task stayed in the poller's table, and took the next event of that descriptor; who
// waited for its end waited for ever.
task<std::string> read_one(const pipe_reader& from) {
    std::string bytes(1, ' ');
    co_await from.read_some(bytes.data(), 1);
    co_return bytes;
}
task<> kill_who_reads(guide& show) {
    pipe p;
    const auto killed = spawn(read_one(p.reader));
    co_await yield_now();
    killed.cancel();
    try {
        co_await killed;
    } catch (const child_cancelled&) {
        show.print("4. the joiner was told");
    }
    co_await p.writer.write_all("b");
    const std::string read = co_await read_one(p.reader);
    show.print(", the next reader got {}\n", read);
}

std::string read_one_in_fiber(const pipe_reader& from) {
    std::string bytes(1, ' ');
    await(from.read_some(bytes.data(), 1));
    return bytes;
}
void kill_who_reads_in_fiber(guide& show) {
    pipe p;
    const auto killed = spawn(read_one_in_fiber, std::cref(p.reader));
    await(yield_now());
    killed.cancel();
    try {
        await(killed);
    } catch (const child_cancelled&) {
        show.print("4. the joiner was told");
    }
    await(p.writer.write_all("b"));
    const std::string read = read_one_in_fiber(p.reader);
    show.print(", the next reader got {}\n", read);
}

// 5. An error of a subroutine went to the loop, and the loop with it.
task<> fails() {
    co_await yield_now();
    throw std::runtime_error("out of paper");
}
task<> calls(guide& show) {
    try {
        co_await fails();
    } catch (const std::runtime_error& error) {
        show.print("5. its caller caught: {}\n", error.what());
    }
}
void fails_in_fiber() {
    await(yield_now());
    throw std::runtime_error("out of paper");
}
void calls_in_fiber(guide& show) {
    try {
        fails_in_fiber();
    } catch (const std::runtime_error& error) {
        show.print("5. its caller caught: {}\n", error.what());
    }
}

// 6. The table of who waits had room for one for each descriptor: the second replaced the first.
// Here two wait for connections at one socket.
task<std::string> one_guest(const tcp_listener& at) {
    auto guest = co_await at.accept();
    co_return co_await guest.read_all(10);
}
task<> visit(address server, std::string_view name) {
    auto connection = co_await tcp_stream::connect(server);
    co_await connection.write_all(name);
}
task<> two_acceptors(guide& show) {
    const tcp_listener listener(address::loopback(0));
    const auto one = spawn(one_guest(listener));
    const auto two = spawn(one_guest(listener));
    co_await yield_now();
    co_await visit(listener.local_address(), "c");
    co_await visit(listener.local_address(), "d");
    const std::string first = co_await one;
    const std::string second = co_await two;
    show.print("6. both were served: {} {}\n", first, second);
}

std::string one_guest_in_fiber(const tcp_listener& at) {
    auto guest = await(at.accept());
    return await(guest.read_all(10));
}
void visit_in_fiber(const address& server, std::string_view name) {
    auto connection = await(tcp_stream::connect(server));
    await(connection.write_all(name));
}
void two_acceptors_in_fiber(guide& show) {
    const tcp_listener listener(address::loopback(0));
    const auto one = spawn(one_guest_in_fiber, std::cref(listener));
    const auto two = spawn(one_guest_in_fiber, std::cref(listener));
    await(yield_now());
    visit_in_fiber(listener.local_address(), "c");
    visit_in_fiber(listener.local_address(), "d");
    const std::string first = await(one);
    const std::string second = await(two);
    show.print("6. both were served: {} {}\n", first, second);
}

void from_tasks(guide& show) {
    ends_and_never_spins(show, [] { return sleep(200ms); });
    run([&]() -> task<> {
        co_await sees_once(show);
        co_await kill_nested(show);
        co_await kill_who_reads(show);
        co_await calls(show);
        co_await two_acceptors(show);
    });
}
void from_fibers(guide& show) {
    ends_and_never_spins(show, [] { await(sleep(200ms)); });
    run([&] {
        sees_once_in_fiber(show);
        kill_nested_in_fiber(show);
        kill_who_reads_in_fiber(show);
        calls_in_fiber(show);
        two_acceptors_in_fiber(show);
    });
}

void six_bugs(guide& show) {
    play_both(show, from_tasks, from_fibers);
}

}  // namespace

programs course_pyos_bugs() {
    return {
        {
            .id = "B.12",
            .title = "the six bugs of pyos",
            .shows = "Spinning, stale answers, half-killed tasks, dead readers, lost errors, lost "
                     "waiters: none of it.",
            .run = six_bugs,
            .expected = "1. the loop has ended\n"
                        "2. received a, then nothing\n"
                        "3. innermost unwound\nmiddle unwound\noutermost unwound\n"
                        "4. the joiner was told, the next reader got b\n"
                        "5. its caller caught: out of paper\n"
                        "6. both were served: c d\n",
        },
    };
}

}  // namespace weft::tour
