// Article 003: producer and consumer by yield, before it comes to greenlets.

#include "program.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 3.1. The article's consumer gives an answer to what it is sent, so it is a generator here: what
// weft calls a consumer answers nothing.
generator<std::string, std::optional<int>> consume(guide& show) {
    std::string answer;
    show.sleep(1s);
    for (;;) {
        std::optional<int> n = co_yield answer;
        if (!n) co_return;
        show.sleep(1s);
        show.print("[CONSUMER] Consuming {}...\n", *n);
        answer = "200 OK";
    }
}

void produce(guide& show) {
    auto c = consume(show);
    c.next();
    for (int n = 1; n <= 5; ++n) {
        show.sleep(1s);
        show.print("[PRODUCER] Producing {}...\n", n);
        auto answer = c.send(n);
        show.print("[PRODUCER] Consumer return: {}\n", *answer);
    }
    c.close();
    show.check(c.state() == generator_state::closed, "close() ended the consumer");
}

}  // namespace

programs producer_and_consumer() {
    return {
        {
            .id = "3.1",
            .title = "producer and consumer by yield",
            .shows =
                "One thread, two bodies that take turns: a value goes over, an answer comes back.",
            .run = produce,
            .expected = "[PRODUCER] Producing 1...\n"
                        "[CONSUMER] Consuming 1...\n"
                        "[PRODUCER] Consumer return: 200 OK\n"
                        "[PRODUCER] Producing 2...\n"
                        "[CONSUMER] Consuming 2...\n"
                        "[PRODUCER] Consumer return: 200 OK\n"
                        "[PRODUCER] Producing 3...\n"
                        "[CONSUMER] Consuming 3...\n"
                        "[PRODUCER] Consumer return: 200 OK\n"
                        "[PRODUCER] Producing 4...\n"
                        "[CONSUMER] Consuming 4...\n"
                        "[PRODUCER] Consumer return: 200 OK\n"
                        "[PRODUCER] Producing 5...\n"
                        "[CONSUMER] Consuming 5...\n"
                        "[PRODUCER] Consumer return: 200 OK\n",
        },
    };
}

}  // namespace weft::tour
