// Article 003: greenlet.

#include "measure.hpp"
#include "program.hpp"
#include "symmetric.hpp"

#include "weft/weft.hpp"

#include <chrono>
#include <string_view>

namespace weft::tour {
namespace {

// 3.2
void eat_and_play(guide& show) {
    bool ended_by_exit = false;
    {
        greenlet* g1 = nullptr;
        greenlet g2([&](std::string_view name) {
            show.print("{} play 1\n", name);
            try {
                g1->switch_to();
            } catch (const greenlet_exit&) {
                ended_by_exit = true;
                throw;
            }
            show.print("{} play 2\n", name);
        });
        greenlet eat([&](std::string_view name) {
            show.print("{} eat 1\n", name);
            g2.switch_to("Lyon");
            show.print("{} eat 2\n", name);
        });
        g1 = &eat;
        eat.switch_to("Lyon");
    }
    show.check(ended_by_exit, "play, which nobody switched back to, ended by greenlet_exit");
}

// 3.3. The article multiplies by 0, 1, 2 …, so its product is 0 and a compiler would compute
// nothing; these sums it must compute.
double seconds(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class additions {
public:
    explicit additions(long count) : count_(count) {}

    void plain() {
        for (long i = 0; i < count_; ++i) add(first_, i);
        for (long i = 0; i < count_; ++i) add(second_, i);
    }
    void by_greenlet() {
        greenlet* g1 = nullptr;
        greenlet g2([&] {
            for (long i = 0; i < count_; ++i) {
                add(second_, i);
                g1->switch_to();
            }
        });
        greenlet one([&] {
            for (long i = 0; i < count_; ++i) {
                add(first_, i);
                g2.switch_to();
            }
        });
        g1 = &one;
        one.switch_to();
    }
    void by_transfer() {
        transfers state;
        symmetric one;
        symmetric two;
        one = adding(state, first_, two);
        two = adding(state, second_, one);
        run_symmetric(state, one);
    }
    void by_generator() {
        auto one = yielding(first_);
        auto two = yielding(second_);
        while (one.next() && two.next()) {}
    }
    void by_task() {
        run([this] {
            return with_scope([this](scope& both) {
                both.spawn(waiting(first_));
                both.spawn(waiting(second_));
            });
        });
    }
    void by_fiber() {
        run([this] {
            return with_scope([this](scope& both) {
                both.spawn([this] { wait_in_fiber(first_); });
                both.spawn([this] { wait_in_fiber(second_); });
            });
        });
    }
    /// Both sums are right; then they begin anew.
    [[nodiscard]] bool right() {
        const long sum = count_ * (count_ - 1) / 2;
        const bool both = first_ == sum && second_ == sum;
        first_ = second_ = 0;
        return both;
    }

private:
    static void add(long& sum, long i) {
        sum += i;
        opaque(sum);
    }
    symmetric adding(transfers& state, long& sum, symmetric& other) const {
        for (long i = 0; i < count_; ++i) {
            add(sum, i);
            co_await to(state, other);
        }
    }
    task<> waiting(long& sum) const {
        for (long i = 0; i < count_; ++i) {
            add(sum, i);
            co_await yield_now();
        }
    }
    void wait_in_fiber(long& sum) const {
        for (long i = 0; i < count_; ++i) {
            add(sum, i);
            await(yield_now());
        }
    }
    generator<void> yielding(long& sum) const {
        for (long i = 0; i < count_; ++i) {
            add(sum, i);
            co_yield nothing;
        }
    }

    long count_;
    long first_ = 0;
    long second_ = 0;
};

void switching_costs(guide& show) {
    const long count = scaled(10'000'000);
    additions sums(count);
    bool right = true;
    double plain = 0;
    const auto row = [&](const char* what, double switches, void (additions::*work)()) {
        const double took = seconds([&] { (sums.*work)(); });
        right = sums.right() && right;
        if (plain == 0) plain = took;
        show.print("{:<20}{:>8.3f} s", what, took);
        if (switches > 0)
            show.print("{:>8.1f} times plain{:>8.1f} ns a switch", took / plain,
                       (took - plain) * 1e9 / switches);
        show.print("\n");
    };
    const auto n = static_cast<double>(count);
    row("plain", 0, &additions::plain);
    row("greenlet", 2 * n, &additions::by_greenlet);
    row("symmetric transfer", 2 * n, &additions::by_transfer);
    row("generator", 4 * n, &additions::by_generator);  // A resume is two.
    row("task, by the loop", 2 * n, &additions::by_task);
    row("fiber, by the loop", 2 * n, &additions::by_fiber);
    show.check(right, "every way came to the same sums");
}

}  // namespace

programs greenlets() {
    return {
        {
            .id = "3.2",
            .title = "greenlet: eat and play",
            .shows = "Nobody switches back to play: it ends by greenlet_exit when it is dropped.",
            .run = eat_and_play,
            .expected = "Lyon eat 1\nLyon play 1\nLyon eat 2\n",
        },
        {
            .id = "3.3",
            .title = "what switching costs",
            .shows = "Additions with a switch after each: the article's Python took 6.3 times as "
                     "long.",
            .run = switching_costs,
            .expected = "plain … s\n"
                        "greenlet … s … times plain … ns a switch\n"
                        "symmetric transfer … s … times plain … ns a switch\n"
                        "generator … s … times plain … ns a switch\n"
                        "task, by the loop … s … times plain … ns a switch\n"
                        "fiber, by the loop … s … times plain … ns a switch\n",
        },
    };
}

}  // namespace weft::tour
