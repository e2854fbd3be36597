// A retry loop, tested in a simulated world: its waits of minutes take no time, and the seed, which
// decides all that is left to chance, is printed by a test that fails, to meet it again.

#include <weft/testing/simulation.hpp>
#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;

/// Calls `attempt()` until it does not throw: at most five times, waiting longer each time.
template <class Attempt>
weft::task<int> with_retries(Attempt attempt) {
    std::chrono::seconds wait = 1s;
    for (int tries = 1;; ++tries) {
        try {
            co_await attempt();
            co_return tries;
        } catch (const std::runtime_error&) {
            if (tries == 5) throw;
        }
        co_await weft::sleep(wait);
        wait = std::min(wait * 4, 60s);
    }
}

/// Fails until somebody has mended it.
class service {
public:
    weft::task<> call() {
        co_await weft::sleep(10ms);
        if (!works_) throw std::runtime_error("out of order");
    }
    weft::task<> mend_later() {
        co_await weft::sleep(80s);
        works_ = true;
    }

private:
    bool works_ = false;
};

weft::task<> test_of_retries() {
    service printer;
    auto mechanic = weft::spawn(printer.mend_later());
    const auto begin = weft::clock::now();
    const int tries = co_await with_retries([&] { return printer.call(); });
    const auto took = weft::clock::now() - begin;
    co_await mechanic;
    // 1 s, 4 s, 16 s and 60 s of waiting, five calls of 10 ms.
    if (tries != 5 || took != 81'050ms) throw std::logic_error("the retries are not as they were");
}

int main() {
    int runs = 0;
    for (const std::uint64_t seed : weft::testing::seeds(100)) {  // or the one in WEFT_SEED
        try {
            weft::testing::simulation world(seed);
            world.run(test_of_retries);
            ++runs;
        } catch (const std::exception& error) {
            std::cout << "failed with WEFT_SEED=" << seed << ": " << error.what() << '\n';
            return 1;
        }
    }
    std::cout << runs << " runs of 81 s each\n";
}
