// source | stage | sink. A source is any range, a sink any consumer; a stage works in both
// directions. Here one log goes to three searches at once, and two of them share a printer.

#include <weft/pipeline/broadcast.hpp>
#include <weft/pipeline/grep.hpp>
#include <weft/pipeline/stages.hpp>
#include <weft/weft.hpp>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

weft::consumer<std::string_view> printer(std::string name) {
    for (;;) {
        std::string_view line = co_await weft::receive;
        std::cout << name << ": " << line << '\n';
    }
}

int main() {
    const std::vector<std::string> log{
        "GET /python/ 200",
        "GET /swig/ 404",
        "GET /ply/ply-3.11.tar.gz 200",
        "GET /python/ply.html 200",
    };

    // Pulled: what comes out is a range.
    for (std::string_view line : log | weft::grep("python") | weft::take(1))
        std::cout << "first: " << line << '\n';

    // Pushed: every line goes to each search; share() is another handle on the same printer.
    int errors = 0;
    auto words = printer("word");
    const std::size_t lines =
        log |
        weft::broadcast(weft::grep("python") | words.share(), weft::grep("ply") | words.share(),
                        weft::grep(" 404") | weft::count(errors) | printer("error"));
    std::cout << lines << " lines, " << errors << " error\n";
}
