// The course: pyos1 to pyos8, an operating system out of coroutines. From tasks; tb_pyos_fibers.cpp
// is the same from fibers.

#include "tb_pyos.hpp"

#include "weft/weft.hpp"

namespace weft::tour {
namespace {

template <class Body>
task<> numbered(process self, Body body) {
    const notice_of_end says(self);
    co_await body(self);
}

/// mainloop(): until no task is left.
template <class... Bodies>
void mainloop(guide& out, Bodies... bodies) {
    int last_tid = 0;
    run([&] {
        return with_scope([&](scope& tasks) {
            (tasks.spawn(numbered<Bodies>, process(out, tasks, last_tid), bodies), ...);
        });
    });
}

// The system calls. In pyos each is a trap to the scheduler, which puts the caller to the end of
// its queue.
task<int> get_tid(process self) {
    co_await yield_now();
    co_return self.tid();
}
template <class Body>
task<join_handle<void>> new_task(process self, Body body) {
    auto child = self.tasks().spawn(numbered<Body>, self.child(), body);
    co_await yield_now();
    co_return child;
}
task<> kill_task(join_handle<void> child) {
    child.cancel();
    co_await yield_now();
}
// WaitTask is `child.join()`, ReadWait `wait_readable`, WriteWait `wait_writable`.

// pyos1: a task is a coroutine that somebody runs up to its next yield. One that is stepped by hand
// is a generator.
generator<void> parts(guide& out) {
    out.print("Part 1\n");
    co_yield nothing;
    out.print("Part 2\n");
    co_yield nothing;
}
void pyos1(guide& out) {
    auto t1 = parts(out);
    out.print("Running foo()\n");
    t1.next();
    out.print("Resuming foo()\n");
    t1.next();
}

// pyos2: a scheduler, and two tasks that never end.
task<> for_ever(guide& out, std::string_view name) {
    for (;;) {
        out.print("I'm {}\n", name);
        co_await yield_now();
    }
}
task<> let_them_run(guide& out) {
    spawn(for_ever(out, "foo")).detach();
    spawn(for_ever(out, "bar")).detach();
    for (int i = 0; i < 3; ++i) co_await yield_now();
}
void pyos2(guide& out) {
    run(let_them_run(out));  // and then cancels who is left
}

// pyos3: tasks that end.
task<> say(process self, std::string_view text, int times) {
    for (int i = 0; i < times; ++i) {
        self.print("I'm {}\n", text);
        co_await yield_now();
    }
}
void pyos3(guide& out) {
    mainloop(
        out, [](process self) { return say(self, "foo", 10); },
        [](process self) { return say(self, "bar", 5); });
}

// pyos4: GetTid
task<> say_with_tid(process self, std::string_view name, int times) {
    const int mytid = co_await get_tid(self);
    for (int i = 0; i < times; ++i) {
        self.print("I'm {} {}\n", name, mytid);
        co_await yield_now();
    }
}
void pyos4(guide& out) {
    mainloop(
        out, [](process self) { return say_with_tid(self, "foo", 5); },
        [](process self) { return say_with_tid(self, "bar", 10); });
}

// pyos5: NewTask, KillTask
task<> foo_for_ever(process self) {
    const int mytid = co_await get_tid(self);
    for (;;) {
        self.print("I'm foo {}\n", mytid);
        co_await yield_now();
    }
}
task<> main5(process self) {
    const auto child = co_await new_task(self, foo_for_ever);
    for (int i = 0; i < 5; ++i) co_await yield_now();
    co_await kill_task(child);
    self.print("main done\n");
}

// pyos6: WaitTask
task<> foo_five_times(process self) {
    return say(self, "foo", 5);
}
task<> main6(process self) {
    const auto child = co_await new_task(self, foo_five_times);
    self.print("Waiting for child\n");
    co_await child.join();
    self.print("Child done\n");
}

// pyos7: ReadWait, WriteWait. An echo server, for one client and on pipes so far.
task<> handle_client(process self, pipe_reader requests, pipe_writer replies) {
    const notice_of_end says(self);
    self.print("Connection on task {}\n", self.tid());
    for (;;) {
        co_await wait_readable(requests.descriptor());
        const std::string data = read_some(requests.descriptor());
        if (data.empty()) break;
        co_await wait_writable(replies.descriptor());
        write_some(replies.descriptor(), data);
    }
    self.print("Client closed\n");
}
task<> server7(process self) {
    self.print("Server starting\n");
    pipe requests;
    pipe replies;
    self.tasks().spawn(handle_client, self.child(), std::move(requests.reader),
                       std::move(replies.writer));
    for (const std::string_view text : {"hello", "goodbye"}) {
        co_await wait_writable(requests.writer.descriptor());
        write_some(requests.writer.descriptor(), text);
        co_await wait_readable(replies.reader.descriptor());
        self.print("echoed: {}\n", read_some(replies.reader.descriptor()));
    }
}

// pyos8: trampolines, so that a coroutine may call another. A task just awaits it.
task<int> add(int x, int y) {
    co_return x + y;
}
task<std::string> receive_from(const pipe_reader& from) {
    co_await wait_readable(from.descriptor());
    co_return read_some(from.descriptor());
}
task<> send_to(const pipe_writer& to, std::string data) {
    while (!data.empty()) {
        const std::size_t n = co_await to.write_some(data);
        data.erase(0, n);
    }
}
task<> echo(process self, pipe_reader requests, pipe_writer replies) {
    const notice_of_end says(self);
    for (;;) {
        const std::string data = co_await receive_from(requests);
        if (data.empty()) break;
        co_await send_to(replies, data);
    }
    self.print("Client closed\n");
}
task<> main8(process self) {
    const int r = co_await add(2, 2);
    self.print("{}\n", r);
    pipe requests;
    pipe replies;
    self.tasks().spawn(echo, self.child(), std::move(requests.reader), std::move(replies.writer));
    co_await send_to(requests.writer, "hello again");
    const std::string data = co_await receive_from(replies.reader);
    self.print("echoed: {}\n", data);
}

}  // namespace

void pyos_from_tasks(guide& show) {
    show.print("--- pyos1: tasks\n");
    pyos1(show);
    show.print("--- pyos2: a scheduler\n");
    pyos2(show);
    show.print("--- pyos3: tasks that end\n");
    pyos3(show);
    show.print("--- pyos4: GetTid\n");
    pyos4(show);
    show.print("--- pyos5: NewTask, KillTask\n");
    mainloop(show, main5);
    show.print("--- pyos6: WaitTask\n");
    mainloop(show, main6);
    show.print("--- pyos7: ReadWait, WriteWait\n");
    mainloop(show, server7);
    show.print("--- pyos8: subroutines\n");
    mainloop(show, main8);
}

}  // namespace weft::tour
