// Other programs: started, talked to, waited for. Two of them run at once.

#include <weft/process/subprocess.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <string>

/// Through a program that runs for a while: what it reads, what it writes.
weft::task<> sort_names() {
    auto sort = weft::subprocess::start(weft::command("sort")
                                            .env("LC_ALL", "C")
                                            .input(weft::stdio::pipe())
                                            .output(weft::stdio::pipe()));
    co_await sort.input().write_all("pear\napple\nquince\n");
    sort.input().close();  // it waits for the end before it says anything
    weft::buffered_reader lines(sort.output());
    while (auto line = co_await lines.read_line()) std::cout << "sorted: " << *line << '\n';
    std::cout << "sort " << (co_await sort.wait()).text() << '\n';
}

/// Outputs of two programs, in the time of the longer.
weft::task<> add_up() {
    auto [one, two] = co_await weft::when_all(
        weft::check_output(weft::command("echo", "19")),
        weft::check_output(weft::command("sh", "-c", "sleep 0.01; echo 23")));
    std::cout << std::stoi(one) + std::stoi(two) << '\n';
}

weft::task<> give_up() {
    try {
        co_await weft::with_timeout(std::chrono::milliseconds(20),
                                    weft::check_output(weft::command("sleep", "1000")));
    } catch (const weft::timed_out&) {
        std::cout << "too slow: it was killed\n";
    }
    try {
        co_await weft::check_output(weft::command("sh", "-c", "echo no idea >&2; exit 3"));
    } catch (const weft::process_failed& e) {
        std::cout << e.status().text() << ": " << e.errors();
    }
}

int main() {
    weft::run([] {  // a fiber
        weft::await(sort_names());
        weft::await(add_up());
        weft::await(give_up());
    });
}
