// An echo server with libuv: one buffer for all, and a write at once, which is how it is fastest.

#include "echo_listen.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <uv.h>

namespace {

void lend_buffer(uv_handle_t*, std::size_t, uv_buf_t* lent) {
    static std::array<char, 4096> buffer;
    *lent = uv_buf_init(buffer.data(), buffer.size());
}

void end(uv_stream_t* stream) {
    auto* const handle = reinterpret_cast<uv_handle_t*>(stream);
    if (uv_is_closing(handle) == 0)
        uv_close(handle, [](uv_handle_t* closed) { std::free(closed); });
}

/// What did not fit at once: the request and its bytes are one block.
void write_later(uv_stream_t* stream, const char* bytes, std::size_t size) {
    auto* const request = static_cast<uv_write_t*>(std::malloc(sizeof(uv_write_t) + size));
    char* const copy = reinterpret_cast<char*>(request + 1);
    std::memcpy(copy, bytes, size);
    const uv_buf_t rest = uv_buf_init(copy, static_cast<unsigned>(size));
    const auto written = [](uv_write_t* done, int status) {
        if (status < 0) end(done->handle);
        std::free(done);
    };
    if (uv_write(request, stream, &rest, 1, written) != 0) {
        std::free(request);
        end(stream);
    }
}

void echo(uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer) {
    if (got < 0) return end(stream);
    if (got == 0) return;
    const uv_buf_t answer = uv_buf_init(buffer->base, static_cast<unsigned>(got));
    const int written = uv_try_write(stream, &answer, 1);
    if (written == got) return;
    if (written < 0 && written != UV_EAGAIN) return end(stream);
    const int at_once = written < 0 ? 0 : written;
    write_later(stream, buffer->base + at_once, static_cast<std::size_t>(got - at_once));
}

void accept(uv_stream_t* listener, int status) {
    if (status < 0) return;
    auto* const peer = static_cast<uv_tcp_t*>(std::malloc(sizeof(uv_tcp_t)));
    auto* const stream = reinterpret_cast<uv_stream_t*>(peer);
    uv_tcp_init(listener->loop, peer);
    if (uv_accept(listener, stream) != 0) return end(stream);
    uv_tcp_nodelay(peer, 1);
    uv_read_start(stream, lend_buffer, echo);
}

}  // namespace

int main() {
    uv_loop_t* const loop = uv_default_loop();
    uv_tcp_t listener;
    uv_tcp_init(loop, &listener);
    bench::need(
        uv_tcp_open(&listener, bench::listen_for_echo()) == 0 &&
            uv_listen(reinterpret_cast<uv_stream_t*>(&listener), bench::echo_backlog, accept) == 0,
        "a socket that listens");
    return uv_run(loop, UV_RUN_DEFAULT);
}
