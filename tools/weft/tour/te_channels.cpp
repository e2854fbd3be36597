// Programs of gevent about queues, in tasks and in fibers.

#include "both.hpp"
#include "program.hpp"

#include "weft/core/each.hpp"
#include "weft/sync/channel.hpp"
#include "weft/weft.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// E.2: a boss and three workers on a queue that holds three.
constexpr int jobs_count = 19;

class office {
public:
    channel<int> jobs{3};

    void assigns() {
        fullest_ = std::max(fullest_, jobs.size());
        boss_waits_ += jobs.full() ? 1 : 0;
    }
    void got(guide& show, std::string_view worker, int job) {
        ++times_[static_cast<std::size_t>(job)];
        show.print("Worker {} got task {}\n", worker, job);
    }
    void close(guide& show) const {
        show.check(std::ranges::count(times_, 1) == jobs_count, "each task was done once");
        show.check(fullest_ == 3, "there were never more than three in the queue");
        show.check(boss_waits_ > 0, "the boss waited while it was full");
    }

private:
    std::vector<int> times_ = std::vector<int>(jobs_count + 1);
    std::size_t fullest_ = 0;
    int boss_waits_ = 0;
};

task<> work(office& at, std::string_view name, guide& show) {
    try {
        for (;;) {
            const auto job = co_await with_timeout(show.shortened(1s), at.jobs.receive());
            at.got(show, name, *job);
            co_await sleep(0s);
        }
    } catch (const timed_out&) {
        show.print("Quitting time!\n");
    }
}
task<> assign(office& at, guide& show) {
    for (int job = 1; job <= jobs_count; ++job) {
        at.assigns();
        co_await at.jobs.send(job);
        if (job == 9) show.print("Assigned all work in iteration 1\n");
    }
    show.print("Assigned all work in iteration 2\n");
}
task<> boss_and_workers(guide& show) {
    office at;
    co_await with_scope([&](scope& s) {
        s.spawn(assign(at, show));
        for (const char* name : {"steve", "john", "bob"}) s.spawn(work(at, name, show));
    });
    at.close(show);
}

void work_in_fiber(office& at, std::string_view name, guide& show) {
    try {
        for (;;) {
            at.got(show, name, *await(with_timeout(show.shortened(1s), at.jobs.receive())));
            await(sleep(0s));
        }
    } catch (const timed_out&) {
        show.print("Quitting time!\n");
    }
}
void assign_in_fiber(office& at, guide& show) {
    for (int job = 1; job <= jobs_count; ++job) {
        at.assigns();
        await(at.jobs.send(job));
        if (job == 9) show.print("Assigned all work in iteration 1\n");
    }
    show.print("Assigned all work in iteration 2\n");
}
void boss_and_workers_in_fibers(guide& show) {
    office at;
    await(with_scope([&](scope& s) {
        s.spawn(assign_in_fiber, std::ref(at), std::ref(show));
        for (const char* name : {"steve", "john", "bob"})
            s.spawn(work_in_fiber, std::ref(at), name, std::ref(show));
    }));
    at.close(show);
}

void bounded_queue(guide& show) {
    play_both(
        show, [](guide& out) { run(boss_and_workers(out)); },
        [](guide& out) { run(boss_and_workers_in_fibers, std::ref(out)); });
}

// E.9: two actors, each with a mailbox; each answers what it gets.
constexpr int messages = 6;

class actor {
public:
    actor(std::string_view n, std::string_view s) : name(n), says(s) {}
    std::string_view name;
    std::string_view says;
    channel<std::string> inbox{unbounded};
};

task<> play(actor& self, actor& other, int& left, guide& show) {
    while (auto message = co_await self.inbox.receive()) {
        show.print("{} got {}\n", self.name, *message);
        if (left-- == 0) {
            self.inbox.close();
            other.inbox.close();
        } else {
            co_await other.inbox.send(std::string(self.says));
        }
    }
}
task<> actors(guide& show) {
    actor ping("Pinger", "ping");
    actor pong("Ponger", "pong");
    int left = messages;
    co_await ping.inbox.send("start");
    co_await with_scope([&](scope& s) {
        s.spawn(play(ping, pong, left, show));
        s.spawn(play(pong, ping, left, show));
    });
}

void play_in_fiber(actor& self, actor& other, int& left, guide& show) {
    for (const std::string& message : each(self.inbox)) {
        show.print("{} got {}\n", self.name, message);
        if (left-- == 0) {
            self.inbox.close();
            other.inbox.close();
        } else {
            await(other.inbox.send(std::string(self.says)));
        }
    }
}
void actors_in_fibers(guide& show) {
    actor ping("Pinger", "ping");
    actor pong("Ponger", "pong");
    int left = messages;
    await(ping.inbox.send("start"));
    await(with_scope([&](scope& s) {
        s.spawn(play_in_fiber, std::ref(ping), std::ref(pong), std::ref(left), std::ref(show));
        s.spawn(play_in_fiber, std::ref(pong), std::ref(ping), std::ref(left), std::ref(show));
    }));
}

void ping_pong(guide& show) {
    play_both(
        show, [](guide& out) { run(actors(out)); },
        [](guide& out) { run(actors_in_fibers, std::ref(out)); });
}

}  // namespace

programs queues() {
    return {
        {
            .id = "E.2",
            .title = "a bounded queue: a boss and three workers",
            .shows = "Who sends waits while the queue is full, who receives gives up in time.",
            .run = bounded_queue,
            .expected = "Worker steve got task 1\n"
                        "Worker john got task 2\n"
                        "Worker bob got task 3\n"
                        "Worker steve got task 4\n"
                        "Worker john got task 5\n"
                        "Worker bob got task 6\n"
                        "Assigned all work in iteration 1\n"
                        "Worker steve got task 7\n"
                        "Worker john got task 8\n"
                        "Worker bob got task 9\n"
                        "Worker steve got task 10\n"
                        "Worker john got task 11\n"
                        "Worker bob got task 12\n"
                        "Worker steve got task 13\n"
                        "Worker john got task 14\n"
                        "Worker bob got task 15\n"
                        "Worker steve got task 16\n"
                        "Worker john got task 17\n"
                        "Worker bob got task 18\n"
                        "Assigned all work in iteration 2\n"
                        "Worker steve got task 19\n"
                        "Quitting time!\n"
                        "Quitting time!\n"
                        "Quitting time!\n",
        },
        {
            .id = "E.9",
            .title = "actors: ping-pong through mailboxes",
            .shows = "Each actor waits at its own mailbox and answers what it gets.",
            .run = ping_pong,
            .expected = "Pinger got start\nPonger got ping\nPinger got pong\nPonger got ping\n"
                        "Pinger got pong\nPonger got ping\nPinger got pong\n",
        },
    };
}

}  // namespace weft::tour
