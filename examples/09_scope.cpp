// A scope ends when all have ended that were spawned into it, whatever happens. A timeout cancels
// all of them, and what one fails by cancels the others.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;

weft::task<> ask(const char* server, std::chrono::milliseconds delay) {
    try {
        co_await weft::sleep(delay);
        if (delay == 3ms) throw std::runtime_error("no route");
        std::cout << server << " has answered\n";
    } catch (const weft::cancelled& why) {
        const bool late = why.origin().reason() == weft::cancel_reason::deadline;
        std::cout << server << (late ? " was too slow\n" : " was cancelled\n");
        throw;  // let it pass
    }
}

/// The body of the scope: a plain function, or a task.
void begin(weft::scope& servers, std::chrono::milliseconds first,
           std::chrono::milliseconds second) {
    servers.spawn(ask, "alpha", first);
    servers.spawn(ask, "beta", second);
}

weft::task<> ask_all(std::chrono::milliseconds first, std::chrono::milliseconds second) {
    co_await weft::with_scope(begin, first, second);
    std::cout << "both have answered\n";
}

weft::task<> in_time(std::chrono::milliseconds first, std::chrono::milliseconds second) {
    try {
        co_await weft::with_timeout(100ms, ask_all(first, second));
    } catch (const weft::timed_out&) {
        std::cout << "timed out\n";
    } catch (const weft::exception_group& errors) {
        std::cout << "failed: " << errors.what() << '\n';
    }
}

weft::task<> three_times() {
    co_await in_time(1ms, 2ms);
    co_await in_time(1ms, 1h);
    co_await in_time(3ms, 1h);
}

int main() {
    weft::run(three_times());
}
