// co_yield works in both directions: it hands a value out, and its own value is what the caller
// sends. The three arguments of the type are what is handed out, what is sent, and what is
// returned.

#include <weft/weft.hpp>

#include <iostream>
#include <string>

weft::generator<std::string, int, int> guessing_game(int secret) {
    std::string answer = "guess a number";
    for (int tries = 1;; ++tries) {
        int guess = co_yield answer;
        if (guess == secret) co_return tries;
        answer = guess < secret ? "higher" : "lower";
    }
}

int main() {
    auto game = guessing_game(29);
    std::cout << *game.next() << '\n';

    int low = 0;
    int high = 100;
    for (;;) {
        const int guess = (low + high) / 2;
        auto answer = game.send(guess);
        if (!answer) break;  // It has returned.
        std::cout << guess << ": " << *answer << '\n';
        (*answer == "higher" ? low : high) = guess;
    }
    std::cout << "found after " << game.result() << " tries\n";

    // Misuse is an error that says what to do.
    auto another = guessing_game(1);
    try {
        another.send(50);
    } catch (const weft::not_started& error) {
        std::cout << "refused: a send before the first next()\n";
        std::cerr << error.what() << '\n';
    }
}
