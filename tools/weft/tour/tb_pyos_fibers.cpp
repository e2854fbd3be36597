// The course: pyos1 to pyos8 from fibers. What waits is called like anything else.

#include "tb_pyos.hpp"

#include "weft/weft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace weft::tour {
namespace {

template <class Body>
void numbered(process self, Body body) {
    const notice_of_end says(self);
    body(self);
}

template <class... Bodies>
void mainloop(guide& out, Bodies... bodies) {
    int last_tid = 0;
    run([&] {
        await(with_scope([&](scope& tasks) {
            (tasks.spawn(numbered<Bodies>, process(out, tasks, last_tid), bodies), ...);
        }));
    });
}

int get_tid(process self) {
    await(yield_now());
    return self.tid();
}
template <class Body>
join_handle<void> new_task(process self, Body body) {
    auto child = self.tasks().spawn(numbered<Body>, self.child(), body);
    await(yield_now());
    return child;
}
void kill_task(const join_handle<void>& child) {
    child.cancel();
    await(yield_now());
}

// pyos1: one that is stepped by hand is a greenlet.
void pyos1(guide& out) {
    greenlet main = greenlet::current();
    greenlet t1([&] {
        out.print("Part 1\n");
        main.switch_to();
        out.print("Part 2\n");
        main.switch_to();
    });
    out.print("Running foo()\n");
    t1.switch_to();
    out.print("Resuming foo()\n");
    t1.switch_to();
}

// pyos2
void for_ever(guide& out, std::string_view name) {
    for (;;) {
        out.print("I'm {}\n", name);
        await(yield_now());
    }
}
void pyos2(guide& out) {
    run([&] {
        spawn(for_ever, std::ref(out), "foo").detach();
        spawn(for_ever, std::ref(out), "bar").detach();
        for (int i = 0; i < 3; ++i) await(yield_now());
    });
}

// pyos3
void say(process self, std::string_view text, int times) {
    for (int i = 0; i < times; ++i) {
        self.print("I'm {}\n", text);
        await(yield_now());
    }
}
void pyos3(guide& out) {
    mainloop(
        out, [](process self) { say(self, "foo", 10); }, [](process self) { say(self, "bar", 5); });
}

// pyos4
void say_with_tid(process self, std::string_view name, int times) {
    const int mytid = get_tid(self);
    for (int i = 0; i < times; ++i) {
        self.print("I'm {} {}\n", name, mytid);
        await(yield_now());
    }
}
void pyos4(guide& out) {
    mainloop(
        out, [](process self) { say_with_tid(self, "foo", 5); },
        [](process self) { say_with_tid(self, "bar", 10); });
}

// pyos5
void foo_for_ever(process self) {
    const int mytid = get_tid(self);
    for (;;) {
        self.print("I'm foo {}\n", mytid);
        await(yield_now());
    }
}
void main5(process self) {
    const auto child = new_task(self, foo_for_ever);
    for (int i = 0; i < 5; ++i) await(yield_now());
    kill_task(child);
    self.print("main done\n");
}

// pyos6
void foo_five_times(process self) {
    say(self, "foo", 5);
}
void main6(process self) {
    const auto child = new_task(self, foo_five_times);
    self.print("Waiting for child\n");
    await(child.join());
    self.print("Child done\n");
}

// pyos7
void handle_client(process self, const tcp_stream& client) {
    const notice_of_end says(self);
    self.print("Connection on task {}\n", self.tid());
    for (;;) {
        await(wait_readable(client.descriptor()));
        const std::string data = recv(client.descriptor());
        if (data.empty()) break;
        await(wait_writable(client.descriptor()));
        send(client.descriptor(), data);
    }
    self.print("Client closed\n");
}
void talk(process self, address server, const std::vector<std::string_view>& texts) {
    auto socket = await(tcp_stream::connect(server));
    for (const std::string_view text : texts) {
        await(socket.write_all(text));
        self.print("echoed: {}\n", await(socket.read_exactly(text.size())));
    }
}
void server7(process self) {
    self.print("Server starting\n");
    const tcp_listener listener(address::loopback(0));
    auto client = spawn([&] { talk(self, listener.local_address(), {"hello", "goodbye"}); });
    await(wait_readable(listener.descriptor()));
    self.tasks().spawn(handle_client, self.child(), await(listener.accept()));
    await(client);
}

// pyos8: a call is a call.
int add(int x, int y) {
    return x + y;
}
tcp_stream accept(const tcp_listener& listener) {
    await(wait_readable(listener.descriptor()));
    return await(listener.accept());
}
std::string receive_from(const tcp_stream& from) {
    await(wait_readable(from.descriptor()));
    return recv(from.descriptor());
}
void send_to(const tcp_stream& to, std::string_view data) {
    while (!data.empty()) {
        await(wait_writable(to.descriptor()));
        data.remove_prefix(send(to.descriptor(), data));
    }
}
void echo(process self, const tcp_stream& client) {
    const notice_of_end says(self);
    for (;;) {
        const std::string data = receive_from(client);
        if (data.empty()) break;
        send_to(client, data);
    }
    self.print("Client closed\n");
}
void main8(process self) {
    self.print("{}\n", add(2, 2));
    const tcp_listener listener(address::loopback(0));
    auto client = spawn([&] { talk(self, listener.local_address(), {"hello again"}); });
    self.tasks().spawn(echo, self.child(), accept(listener));
    await(client);
}

}  // namespace

void pyos_from_fibers(guide& show) {
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
