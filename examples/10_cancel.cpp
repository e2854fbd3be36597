// A coroutine that is cancelled gets `cancelled` at its await. Destructors run as ever; cleanup
// that has to wait itself goes into with_cleanup, where no cancellation reaches it.

#include <weft/weft.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

class lamp {
public:
    lamp() { std::cout << "light on\n"; }
    lamp(const lamp&) = delete;
    lamp& operator=(const lamp&) = delete;
    ~lamp() { std::cout << "light off\n"; }
};

weft::task<> write_report() {
    const lamp light;
    std::cout << "writing\n";
    co_await weft::sleep(1h);
    std::cout << "this is never reached\n";
}

weft::task<> say_goodbye() {
    co_await weft::sleep(2ms);  // still works
    std::cout << "goodbye has been sent\n";
}

weft::task<> work() {
    co_await weft::with_cleanup(write_report, say_goodbye);
}

weft::task<> boss() {
    auto worker = weft::spawn(work());
    co_await weft::sleep(5ms);
    worker.cancel();
    try {
        co_await worker;
    } catch (const weft::child_cancelled&) {  // an error: this one was not cancelled
        std::cout << "the worker was cancelled: " << worker.was_cancelled() << '\n';
    }

    // A part of a coroutine can be cancelled too: with_cancel absorbs that, and says so.
    const bool finished = co_await weft::with_cancel([](weft::cancel_scope& scope) {
        scope.cancel();
        return weft::sleep(1h);
    });
    std::cout << "finished: " << finished << '\n';
}

int main() {
    weft::run(boss());
}
