// A consumer is the other half: it waits for items and is sent them. It is ready when it is made,
// and told when there is no more: close() raises generator_exit where it waits.

#include <weft/weft.hpp>

#include <iostream>
#include <string>
#include <string_view>

weft::consumer<std::string_view> grep(std::string pattern) {
    std::cout << "Looking for " << pattern << '\n';
    int matches = 0;
    try {
        for (;;) {
            std::string_view line = co_await weft::receive;
            if (line.find(pattern) == line.npos) continue;
            ++matches;
            std::cout << line << '\n';
        }
    } catch (const weft::generator_exit&) {
        std::cout << "Going away after " << matches << " matches. Goodbye\n";
    }
}

int main() {
    auto python = grep("python");
    python.send("Yeah, but no, but yeah, but no");
    python.send("A series of tubes");
    python.send("python generators rock!");
    python.close();

    if (!python.send("python")) std::cout << "it has ended, and says so\n";
}
