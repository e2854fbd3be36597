#include "serve_answer.hpp"

#include "weft/core/await.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <system_error>

namespace weft::tool {
namespace {

char upper_case(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// One line that cannot disturb a terminal.
std::string printable(std::string_view message) {
    while (message.ends_with('\n') || message.ends_with('\r')) message.remove_suffix(1);
    std::string text;
    for (const char c : message) {
        if (c == '\\' || static_cast<unsigned char>(c) < ' ' || c == '\x7f')
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            text += c;
    }
    return text;
}

std::string name_of(const tcp_stream& peer) {
    try {
        return peer.peer_address().to_string();
    } catch (const std::system_error&) {
        return "(gone)";
    }
}

}  // namespace

answering::conversation::conversation(answering& of, const tcp_stream& peer) : of_(of) {
    if (of_.log_) name_ = name_of(peer);
    ++of_.accepted;
    ++of_.live;
    if (of_.live > of_.live_max) ++of_.live_max;
}

void answering::conversation::answer(char* message, std::size_t n) const {
    if (of_.log_) {
        fmt::print("Client {} msg: {}\n", name_, printable(std::string_view(message, n)));
        std::fflush(stdout);
    }
    if (of_.upper_) std::transform(message, message + n, message, upper_case);
}

void answer_room::adapt(std::size_t n) {
    calm_ = n < small_bytes ? calm_ + 1 : 0;
    if (n == size() && !large_)
        large_ = std::make_unique_for_overwrite<char[]>(large_bytes);
    else if (large_ && calm_ >= calm_reads)
        large_.reset();
}

task<> answer_in_task(answering& all, tcp_stream peer) {
    answering::conversation here(all, peer);
    answer_room room;
    for (;;) {
        const std::size_t n = co_await peer.read_some(room.data(), room.size());
        if (n == 0) break;
        here.answer(room.data(), n);
        co_await peer.write_all(std::string_view(room.data(), n));
        here.answered(n);
        room.adapt(n);
    }
    here.finished();
}

void answer_in_fiber(answering& all, tcp_stream peer) {
    answering::conversation here(all, peer);
    answer_room room;
    for (;;) {
        const std::size_t n = await(peer.read_some(room.data(), room.size()));
        if (n == 0) break;
        here.answer(room.data(), n);
        await(peer.write_all(std::string_view(room.data(), n)));
        here.answered(n);
        room.adapt(n);
    }
    here.finished();
}

task<> answer_lines_in_task(answering& all, tcp_stream peer) {
    answering::conversation here(all, peer);
    for (;;) {
        std::optional<std::string> line = co_await peer.read_line(line_bytes_max);
        if (!line) break;
        here.answer(line->data(), line->size());
        line->push_back('\n');
        co_await peer.write_all(*line);
        here.answered(line->size());
    }
    here.finished();
}

void answer_lines_in_fiber(answering& all, tcp_stream peer) {
    answering::conversation here(all, peer);
    for (;;) {
        std::optional<std::string> line = await(peer.read_line(line_bytes_max));
        if (!line) break;
        here.answer(line->data(), line->size());
        line->push_back('\n');
        await(peer.write_all(*line));
        here.answered(line->size());
    }
    here.finished();
}

}  // namespace weft::tool
