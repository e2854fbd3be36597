// Article 002: the producer and the consumer that greenlet brings, with a queue between them.

#include "program.hpp"

#include "weft/sync/channel.hpp"
#include "weft/weft.hpp"

#include <algorithm>
#include <string_view>

namespace weft::tour {
namespace {

using namespace std::chrono_literals;

// 2.5. Two greenlets of one fiber: what one of them waits for, the fiber waits for. (In the article
// the first one runs as a plain call, and not as a greenlet.)
void produce_and_consume(guide& show) {
    channel<char> queue(1);
    std::size_t fullest = 0;
    greenlet main = greenlet::current();
    greenlet* producer = nullptr;
    greenlet consumer([&] {
        for (;;) {
            const auto letter = await(queue.receive());
            show.print("Consumed:  {}\n", *letter);
            await(sleep(show.shortened(1s)));
            producer->switch_to();
        }
    });
    greenlet produces([&] {
        for (const char letter : std::string_view("decab")) {
            await(queue.send(letter));
            fullest = std::max(fullest, queue.size());
            show.print("Produced:  {}\n", letter);
            await(sleep(show.shortened(1s)));
            consumer.switch_to();
        }
        main.switch_to();
    });
    producer = &produces;
    produces.switch_to();
    show.check(fullest == 1 && queue.empty(), "never more than one letter in the queue");
}

void queue_of_one(guide& show) {
    run(produce_and_consume, std::ref(show));
}

}  // namespace

programs greenlets_with_a_queue() {
    return {
        {
            .id = "2.5",
            .title = "greenlets: producer and consumer with a queue of one",
            .shows = "Each hands over by name, and the queue carries the letter.",
            .run = queue_of_one,
            .expected = "Produced:  d\nConsumed:  d\nProduced:  e\nConsumed:  e\n"
                        "Produced:  c\nConsumed:  c\nProduced:  a\nConsumed:  a\n"
                        "Produced:  b\nConsumed:  b\n",
        },
    };
}

}  // namespace weft::tour
