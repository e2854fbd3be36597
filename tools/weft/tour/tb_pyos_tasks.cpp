// The course: pyos1 to pyos8, an operating system out of coroutines. From tasks; tb_pyos_fibers.cpp
// is the same from fibers.

#include "tb_pyos.hpp"

#include "weft/weft.hpp"

#include <string>
#include <string_view>
#include <vector>

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

// pyos7: ReadWait and WriteWait, then the call itself.
task<> handle_client(process self, tcp_stream client) {
    const notice_of_end says(self);
    self.print("Connection on task {}\n", self.tid());
    for (;;) {
        co_await wait_readable(client.descriptor());
        const std::string data = recv(client.descriptor());
        if (data.empty()) break;
        co_await wait_writable(client.descriptor());
        send(client.descriptor(), data);
    }
    self.print("Client closed\n");
}
task<> talk(process self, address server, std::vector<std::string_view> texts) {
    auto socket = co_await tcp_stream::connect(server);
    for (const std::string_view text : texts) {
        co_await socket.write_all(text);
        const std::string answer = co_await socket.read_exactly(text.size());
        self.print("echoed: {}\n", answer);
    }
}
task<> server7(process self) {
    self.print("Server starting\n");
    const tcp_listener listener(address::loopback(0));
    auto client = spawn(talk(self, listener.local_address(), {"hello", "goodbye"}));
    co_await wait_readable(listener.descriptor());
    tcp_stream connection = co_await listener.accept();  // does not wait now
    self.tasks().spawn(handle_client, self.child(), std::move(connection));
    co_await client;
}

// pyos8: trampolines, so that a coroutine may call another. A task just awaits it.
task<int> add(int x, int y) {
    co_return x + y;
}
task<tcp_stream> accept(const tcp_listener& listener) {
    co_await wait_readable(listener.descriptor());
    co_return co_await listener.accept();
}
task<std::string> receive_from(const tcp_stream& from) {
    co_await wait_readable(from.descriptor());
    co_return recv(from.descriptor());
}
task<> send_to(const tcp_stream& to, std::string data) {
    while (!data.empty()) {
        co_await wait_writable(to.descriptor());
        data.erase(0, send(to.descriptor(), data));
    }
}
task<> echo(process self, tcp_stream client) {
    const notice_of_end says(self);
    for (;;) {
        const std::string data = co_await receive_from(client);
        if (data.empty()) break;
        co_await send_to(client, data);
    }
    self.print("Client closed\n");
}
task<> main8(process self) {
    const int r = co_await add(2, 2);
    self.print("{}\n", r);
    const tcp_listener listener(address::loopback(0));
    auto client = spawn(talk(self, listener.local_address(), {"hello again"}));
    tcp_stream connection = co_await accept(listener);
    self.tasks().spawn(echo, self.child(), std::move(connection));
    co_await client;
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
