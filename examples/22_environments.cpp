// The same consumer called directly, on a thread of its own, and in a process of its own; then by
// key over several threads, and a stage that two threads share.

#include <weft/weft.hpp>

#include <weft/pipeline/fan_out.hpp>
#include <weft/pipeline/forked.hpp>
#include <weft/pipeline/parallel_map.hpp>
#include <weft/pipeline/threaded.hpp>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

/// Knows nothing of where it runs.
weft::consumer<int> average(std::string_view where) {
    int count = 0;
    int sum = 0;
    try {
        for (;;) {
            sum += co_await weft::receive;
            ++count;
        }
    } catch (const weft::generator_exit&) {  // the end of the items, wherever they come from
        std::cout << where << ": " << sum / count << std::endl;
    }
}

/// A number for each word; the same word always gets to the same one of these.
weft::consumer<std::string> counter(int& most) {
    std::vector<std::pair<std::string, int>> words;
    for (;;) {
        std::string word = co_await weft::receive;
        auto seen = words.begin();
        while (seen != words.end() && seen->first != word) ++seen;
        if (seen == words.end()) seen = words.insert(seen, {word, 0});
        most = std::max(most, ++seen->second);
    }
}

int main() {
    const std::vector<int> numbers{10, 20, 30, 40};
    numbers | average("here");
    numbers | weft::threaded(average("in a thread"));
    numbers | weft::forked(average, "in a process");

    const std::vector<std::string> words{"the", "cat", "the", "dog", "the", "cat"};
    int most[2] = {0, 0};
    words | weft::fan_out(2, std::identity(),
                          [&most](std::size_t i) { return weft::threaded(counter(most[i])); });
    std::cout << "the most frequent word: " << std::max(most[0], most[1]) << " times\n";

    const auto square = [](int n) { return n * n; };
    for (const int n : numbers | weft::parallel_map(2, square)) std::cout << n << ' ';
    std::cout << '\n';
}
