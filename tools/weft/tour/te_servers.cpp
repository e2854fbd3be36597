// Servers of eventlet: an echo of lines, a chat. In tasks and in fibers.

#include "both.hpp"
#include "network.hpp"
#include "program.hpp"

#include "weft/weft.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace weft::tour {
namespace {

// E.12
constexpr std::size_t line_max = 80;

task<> echo_lines(tcp_stream peer) {
    bool refused = false;
    try {
        while (auto line = co_await peer.read_line(line_max)) {
            *line += '\n';
            co_await peer.write_all(*line);
        }
    } catch (const line_too_long&) {
        refused = true;
    }
    if (refused) co_await peer.write_all("that line is too long\n");
}

void echo_lines_in_fiber(tcp_stream peer) {
    try {
        while (const auto line = await(peer.read_line(line_max)))
            await(peer.write_all(*line + '\n'));
    } catch (const line_too_long&) {
        await(peer.write_all("that line is too long\n"));
    }
}

std::string ask(tcp_stream& server, std::string_view bytes) {
    await(server.write_all(bytes));
    return await(server.read_line()).value_or("(the end)");
}
void clients_of_echo(const address& server, guide& show) {
    auto one = await(tcp_stream::connect(server));
    show.print("{}\n", ask(one, "hello\n"));
    show.print("an empty line: '{}'\n", ask(one, "\n"));
    const std::string longest(line_max, 'x');
    show.print("a line of {}: {} come back\n", line_max, ask(one, longest + '\n').size());

    // Many lines by one write, and one line by many.
    await(one.write_all("one\ntwo\r\nth"));
    await(one.write_all("ree\n"));
    const auto first = await(one.read_line());
    const auto second = await(one.read_line());
    const auto third = await(one.read_line());
    show.print("{}, {}, {}\n", first.value_or(""), second.value_or(""), third.value_or(""));

    // One that never ends its line: this is known before the line has an end.
    auto other = await(tcp_stream::connect(server));
    show.print("one more: {}\n", ask(other, longest + 'x'));
    show.check(!await(other.read_line()), "who was refused is disconnected");
    show.print("the first is not disturbed: {}\n", ask(one, "still here\n"));
    one.close_write();
    show.check(!await(one.read_line()), "an end is answered by an end");
}

template <class Handler>
void line_echo(guide& show, Handler handler) {
    run([&] {
        tcp_listener listener(address::loopback(0));
        while_serving(listener, handler, [&] { clients_of_echo(listener.local_address(), show); });
    });
}
void line_echoes(guide& show) {
    play_both(
        show, [](guide& out) { line_echo(out, echo_lines); },
        [](guide& out) { line_echo(out, echo_lines_in_fiber); });
}

// E.13: each member has a queue of what it is to be sent, and a coroutine that sends it: whoever
// speaks waits for nobody.
class member;
class chat_room {
public:
    void say(const member* by, const std::string& line);

private:
    friend member;
    std::vector<member*> members_;
};

class member {
public:
    explicit member(chat_room& in) : room_(in) { in.members_.push_back(this); }
    member(const member&) = delete;
    member& operator=(const member&) = delete;
    ~member() { std::erase(room_.members_, this); }

    channel<std::string> outbox{64};

private:
    chat_room& room_;
};

void chat_room::say(const member* by, const std::string& line) {
    // Who has not read 64 lines misses the next.
    for (member* one : members_)
        if (one != by) static_cast<void>(one->outbox.try_send(line + '\n'));
}

task<> send_what_is_said(member& me, const tcp_stream& to) {
    try {
        while (const auto line = co_await me.outbox.receive()) co_await to.write_all(*line);
    } catch (const std::system_error&) {
        // Gone: who reads finds the same.
    }
}
task<> hear(tcp_stream& from, member& me, chat_room& room) {
    std::string name;
    try {
        const auto first = co_await from.read_line(20);
        if (!first) co_return;
        name = *first;
        co_await me.outbox.send("welcome, " + name + '\n');
        room.say(&me, name + " has come");
        while (const auto said = co_await from.read_line(1000)) room.say(&me, name + ": " + *said);
    } catch (const std::exception&) {
        // Gone without a word, or a line without an end.
    }
    room.say(&me, name + " has left");
}
task<> chat(tcp_stream peer, chat_room& room) {
    member me(room);
    co_await with_scope([&](scope& s) -> task<> {
        s.spawn(send_what_is_said, std::ref(me), std::cref(peer));
        co_await hear(peer, me, room);
        me.outbox.close();
    });
}

void send_what_is_said_in_fiber(member& me, const tcp_stream& to) {
    try {
        for (const std::string& line : each(me.outbox)) await(to.write_all(line));
    } catch (const std::system_error&) {
        // Gone: who reads finds the same.
    }
}
void hear_in_fiber(tcp_stream& from, member& me, chat_room& room) {
    std::string name;
    try {
        const auto first = await(from.read_line(20));
        if (!first) return;
        name = *first;
        await(me.outbox.send("welcome, " + name + '\n'));
        room.say(&me, name + " has come");
        while (const auto said = await(from.read_line(1000))) room.say(&me, name + ": " + *said);
    } catch (const std::exception&) {
        // Gone without a word, or a line without an end.
    }
    room.say(&me, name + " has left");
}
void chat_in_fiber(tcp_stream peer, chat_room& room) {
    member me(room);
    await(with_scope([&](scope& s) {
        s.spawn(send_what_is_said_in_fiber, std::ref(me), std::cref(peer));
        hear_in_fiber(peer, me, room);
        me.outbox.close();
    }));
}

class chatter {
public:
    chatter(std::string name, const address& server, guide& show)
        : name_(std::move(name)), show_(&show), stream_(await(tcp_stream::connect(server))) {
        say(name_);
    }
    void say(std::string_view line) { await(stream_.write_all(std::string(line) + '\n')); }
    void hears() {
        const auto line = await(stream_.read_line());
        show_->print("{} hears: {}\n", name_, line.value_or("(the end)"));
    }
    /// As a program that is killed, or a computer that is switched off and on.
    void vanish() { stream_.reset(); }
    void leave() { stream_.close_write(); }

private:
    std::string name_;
    guide* show_;
    tcp_stream stream_;
};
void clients_of_chat(const address& server, guide& show) {
    chatter ann("ann", server, show);
    ann.hears();
    chatter bob("bob", server, show);
    bob.hears();
    ann.hears();
    chatter cid("cid", server, show);
    for (chatter* one : {&cid, &ann, &bob}) one->hears();
    ann.say("hello");
    for (chatter* one : {&bob, &cid}) one->hears();
    cid.vanish();
    for (chatter* one : {&ann, &bob}) one->hears();
    bob.say("where is he?");
    ann.hears();
    ann.leave();
    for (chatter* one : {&bob, &ann}) one->hears();
    bob.leave();
    bob.hears();
}

template <class Handler>
void chatting(guide& show, Handler handler) {
    chat_room room;
    run([&] {
        tcp_listener listener(address::loopback(0));
        while_serving(
            listener, [&](tcp_stream peer) { return handler(std::move(peer), room); },
            [&] { clients_of_chat(listener.local_address(), show); });
    });
}
void chats(guide& show) {
    play_both(
        show, [](guide& out) { chatting(out, chat); },
        [](guide& out) { chatting(out, chat_in_fiber); });
}

}  // namespace

programs network_servers() {
    return {
        {
            .id = "E.12",
            .title = "an echo of lines",
            .shows = "Lines of any length within the limit come back, however they are cut; one "
                     "that is longer is refused.",
            .run = line_echoes,
            .expected = "hello\n"
                        "an empty line: ''\n"
                        "a line of 80: 80 come back\n"
                        "one, two, three\n"
                        "one more: that line is too long\n"
                        "the first is not disturbed: still here\n",
        },
        {
            .id = "E.13",
            .title = "a chat",
            .shows = "What one says the others hear; one who leaves, or vanishes, disturbs none.",
            .run = chats,
            .expected = "ann hears: welcome, ann\n"
                        "bob hears: welcome, bob\nann hears: bob has come\n"
                        "cid hears: welcome, cid\nann hears: cid has come\n"
                        "bob hears: cid has come\n"
                        "bob hears: ann: hello\ncid hears: ann: hello\n"
                        "ann hears: cid has left\nbob hears: cid has left\n"
                        "ann hears: bob: where is he?\n"
                        "bob hears: ann has left\nann hears: (the end)\n"
                        "bob hears: (the end)\n",
        },
    };
}

}  // namespace weft::tour
