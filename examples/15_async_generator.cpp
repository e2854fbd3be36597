// An async generator: a function that waits, and hands out values meanwhile. It is driven by a task
// with next(), by a fiber with each(), and by another generator.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;

/// Reads lines as they come through a pipe.
weft::async_generator<std::string> lines(weft::pipe_reader from) {
    std::string line;
    char bytes[16];
    for (;;) {
        const std::size_t n = co_await from.read_some(bytes, sizeof bytes);
        if (n == 0) co_return;
        for (std::size_t i = 0; i < n; ++i) {
            if (bytes[i] != '\n')
                line += bytes[i];
            else
                co_yield std::exchange(line, {});
        }
    }
}

/// A generator over a generator.
weft::async_generator<std::string> numbered(weft::async_generator<std::string> from) {
    int number = 0;
    while (auto line = co_await from.next()) co_yield std::to_string(++number) + ": " + *line;
}

weft::task<> write_slowly(weft::pipe_writer to) {
    for (const char* text : {"from ", "little\nto", " little\n", "and the end\n"}) {
        co_await to.write_all(text);
        co_await weft::sleep(1ms);
    }
}

int main() {
    weft::run([] {
        weft::pipe p;
        auto writer = weft::spawn(write_slowly, std::move(p.writer));
        for (const std::string& line : weft::each(numbered(lines(std::move(p.reader)))))
            std::cout << line << '\n';
        weft::await(writer);
    });
}
