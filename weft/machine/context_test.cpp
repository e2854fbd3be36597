#include "weft/machine/context.hpp"

#include "weft/machine/stack.hpp"

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace {

using weft::context;
using weft::switch_context;

/// A second stack that runs a body; both sides switch by name.
class pair {
public:
    explicit pair(std::function<void(pair&)> body) : body_(std::move(body)) {
        weft::adopt_thread(here_);
        weft::prepare_context(there_, memory_.limit(), memory_.top(), &entry, this);
    }
    pair(const pair&) = delete;
    pair& operator=(const pair&) = delete;
    ~pair() {
        weft::forget_context(there_);
        weft::forget_context(here_);
    }
    void go() { switch_context(here_, there_); }
    void back() { switch_context(there_, here_); }
    [[nodiscard]] bool owns(const void* address) const {
        return address >= memory_.limit() && address < memory_.top();
    }

private:
    static void entry(void* argument) {
        auto& self = *static_cast<pair*>(argument);
        weft::context_entered(self.there_);
        self.body_(self);
        weft::leave_context(self.there_, self.here_);
    }

    std::function<void(pair&)> body_;
    weft::stack memory_ = weft::stack::acquire();
    context here_;
    context there_;
};

TEST(context, the_entry_runs_on_the_new_stack_with_its_argument) {
    const void* frame = nullptr;
    pair two([&frame](pair&) { frame = __builtin_frame_address(0); });
    two.go();
#if !WEFT_ASAN
    EXPECT_TRUE(two.owns(frame));
#endif
    EXPECT_NE(frame, nullptr);
}

TEST(context, each_side_goes_on_where_it_left) {
    std::string log;
    pair two([&log](pair& my) {
        log += 'a';
        my.back();
        log += 'c';
    });
    two.go();
    log += 'b';
    two.go();
    log += 'd';
    EXPECT_EQ(log, "abcd");
}

/// More values than there are registers of each kind, all live across the switch.
template <class T>
[[gnu::noinline]] T live_across(pair& two, bool there, T seed) {
    std::array<T, 24> kept;
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = seed + static_cast<T>(i * i);
    T a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4, f = seed + 5, g = seed + 6;
    for (int round = 0; round < 100; ++round) {
        a += b, b += c, c += d, d += e, e += f, f += g, g += 1;
        if (there)
            two.back();
        else
            two.go();
    }
    T sum = a + b + c + d + e + f + g;
    for (const T& one : kept) sum += one;
    return sum;
}

template <class T>
void expect_that_values_survive() {
    pair alone([](pair& my) {
        for (;;) my.back();
    });
    const T expected_here = live_across<T>(alone, false, 3);
    const T expected_there = live_across<T>(alone, false, 7);
    T there = 0;
    pair two([&there](pair& my) {
        there = live_across<T>(my, true, 7);
        my.back();
    });
    const T here = live_across<T>(two, false, 3);
    two.go();
    EXPECT_EQ(here, expected_here);
    EXPECT_EQ(there, expected_there);
}

TEST(context, integers_in_registers_survive) {
    expect_that_values_survive<std::uint64_t>();
}
TEST(context, floating_point_in_registers_survives) {
    expect_that_values_survive<double>();
    expect_that_values_survive<float>();
}
TEST(context, the_x87_stack_survives) {
    expect_that_values_survive<long double>();
}

TEST(context, over_aligned_and_dynamic_frames_survive) {
    const auto work = [](pair& two, bool there, std::size_t n) {
        alignas(64) std::array<unsigned char, 64> aligned{};
        auto* const dynamic = static_cast<unsigned char*>(__builtin_alloca(n));
        for (std::size_t i = 0; i < n; ++i) dynamic[i] = static_cast<unsigned char>(i);
        for (std::size_t i = 0; i < 64; ++i) aligned[i] = static_cast<unsigned char>(n);
        there ? two.back() : two.go();
        unsigned sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += dynamic[i];
        EXPECT_EQ(sum, n * (n - 1) / 2);
        for (const unsigned char each : aligned) EXPECT_EQ(each, n);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned.data()) % 64, 0u);
    };
    pair two([&work](pair& my) {
        work(my, true, 20);
        my.back();
    });
    work(two, false, 10);
    two.go();
}

TEST(context, an_exception_is_caught_on_the_stack_that_throws) {
    std::string caught;
    pair two([&caught](pair& my) {
        try {
            my.back();
            throw std::runtime_error("there");
        } catch (const std::exception& error) {
            caught = error.what();
        }
    });
    two.go();
    two.go();
    EXPECT_EQ(caught, "there");
}

TEST(context, a_catch_block_may_switch_and_keeps_its_exception) {
    std::string there;
    pair two([&there](pair& my) {
        try {
            throw std::runtime_error("mine");
        } catch (...) {
            my.back();
            try {
                throw;
            } catch (const std::exception& error) {
                there = error.what();
            }
        }
    });
    try {
        throw std::runtime_error("yours");
    } catch (const std::exception&) {
        two.go();
        EXPECT_NE(std::current_exception(), nullptr);
        try {
            throw;
        } catch (const std::exception& error) {
            EXPECT_STREQ(error.what(), "yours");
        }
        two.go();
    }
    EXPECT_EQ(there, "mine");
    EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(context, who_is_not_in_a_catch_block_sees_no_exception_of_the_other) {
    bool seen = true;
    pair two([&seen](pair& my) {
        my.back();
        seen = std::current_exception() != nullptr;
        my.back();
    });
    two.go();
    try {
        throw 1;
    } catch (int) {
        two.go();
        EXPECT_NE(std::current_exception(), nullptr);
    }
    EXPECT_FALSE(seen);
}

/// Switches while an exception is on its way.
struct switching_destructor {
    std::function<void()> action;
    ~switching_destructor() { action(); }
};

TEST(context, uncaught_exceptions_are_counted_for_each_side) {
    int there = -1;
    int during = -1;
    pair two([&there](pair& my) {
        for (;;) {
            there = std::uncaught_exceptions();
            my.back();
        }
    });
    two.go();
    EXPECT_EQ(there, 0);
    try {
        const switching_destructor last{[&] {
            two.go();
            during = std::uncaught_exceptions();
        }};
        throw 1;
    } catch (int) {}
    EXPECT_EQ(there, 0);
    EXPECT_EQ(during, 1);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
}

#if !WEFT_ASAN && !WEFT_TSAN
TEST(context_death, an_exception_that_leaves_the_entry_terminates) {
    EXPECT_DEATH(
        {
            pair two([](pair&) { throw std::runtime_error("nobody is above"); });
            two.go();
        },
        "nobody is above");
}
#endif

}  // namespace
