// A pipe between two coroutines: who has nothing to read waits, and so does who finds no room.

#include <weft/weft.hpp>

#include <iostream>
#include <string>

/// Writes more than a pipe holds, in one go: it waits whenever the pipe is full.
weft::task<> write_lines(weft::pipe_writer to, int count) {
    std::string text;
    for (int n = 1; n <= count; ++n) text += "line " + std::to_string(n) + "\n";
    co_await to.write_all(text);
}  // its end of the pipe is closed here

/// Counts the lines until the writer has closed its end. This one is a fiber.
int count_lines(const weft::pipe_reader& from) {
    int lines = 0;
    char bytes[4096];
    while (const std::size_t n = weft::await(from.read_some(bytes, sizeof bytes)))
        for (std::size_t i = 0; i < n; ++i) lines += bytes[i] == '\n';
    return lines;
}

weft::task<> transfer() {
    weft::pipe p;
    auto counted = weft::spawn(count_lines, std::move(p.reader));
    co_await write_lines(std::move(p.writer), 100'000);
    std::cout << co_await counted << " lines\n";
}

int main() {
    weft::run(transfer());
}
