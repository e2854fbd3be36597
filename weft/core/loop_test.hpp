#pragma once

#include "weft/base/unhandled.hpp"
#include "weft/core/operation_awaiter.hpp"
#include "weft/core/run.hpp"
#include "weft/testing/seeded_oracle.hpp"
#include "weft/testing/simulation.hpp"
#include "weft/testing/simulator.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What tests of the scheduler share: each runs on every driver of this machine, and in twenty
/// simulated worlds.
namespace weft::testing {

/// Runs `fn()` on each loop, until it has failed. The seed of a failure is printed;
/// `WEFT_SEED=N` repeats it.
template <class F>
void on_every_loop(F fn) {
    on_every_loop(std::move(fn), [] { return ::testing::Test::HasFailure(); });
}

/// The same for tests that run loops themselves: calls `test(how)` with the options for each.
template <class Test>
void with_every_loop(Test test) {
    on_real_drivers([&](const options& how, const char* name) {
        SCOPED_TRACE(name);
        test(how);
    });
    for (const std::uint64_t seed : seeds(20)) {
        if (::testing::Test::HasFailure()) return;
        SCOPED_TRACE("WEFT_SEED=" + std::to_string(seed));
        seeded_oracle oracle(seed);
        test(options().watchdog({}).choices(&oracle).driver([&oracle] {
            auto world = std::make_unique<simulator>(&oracle);
            world->latency(clock::duration(0), std::chrono::milliseconds(2));
            return world;
        }));
    }
}

/// A pipe of the loop's driver, for tests below weft/io.
class test_pipe {
public:
    test_pipe() : ends_(detail::scheduler_for("test_pipe").world().open_pipe()) {}
    test_pipe(const test_pipe&) = delete;
    test_pipe& operator=(const test_pipe&) = delete;
    ~test_pipe() {
        for (const int end : ends_)
            if (end >= 0) detail::this_scheduler().world().close(end);
    }
    /// Awaited, give the bytes moved.
    [[nodiscard]] auto read(char* into, std::size_t n) const noexcept {
        return detail::operation_awaiter(operation_code::read, ends_[0], into, n);
    }
    [[nodiscard]] auto write(const char* bytes, std::size_t n) const noexcept {
        return detail::operation_awaiter(operation_code::write, ends_[1], const_cast<char*>(bytes),
                                         n);
    }
    void close_writer() noexcept {
        detail::this_scheduler().world().close(std::exchange(ends_[1], -1));
    }

private:
    std::array<int, 2> ends_;
};

/// Collects what `options::on_unhandled` or `options::on_slow` gets. Any thread.
class collected_reports {
public:
    [[nodiscard]] auto for_unhandled() {
        return [this](const std::exception_ptr& error, std::string_view who) {
            add(describe_exception(error) + " | " + std::string(who));
        };
    }
    [[nodiscard]] auto for_slow() {
        return [this](std::string_view report) { add(std::string(report)); };
    }
    [[nodiscard]] std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return texts_;
    }
    [[nodiscard]] std::size_t count() const { return all().size(); }

private:
    void add(std::string text) {
        const std::lock_guard lock(mutex_);
        texts_.push_back(std::move(text));
    }

    mutable std::mutex mutex_;
    std::vector<std::string> texts_;
};

/// Collects what `report_unhandled` is told while it lives, in place of standard error.
class captured_unhandled {
public:
    captured_unhandled() : before_(set_unhandled_handler(&keep)) { kept().clear(); }
    captured_unhandled(const captured_unhandled&) = delete;
    captured_unhandled& operator=(const captured_unhandled&) = delete;
    ~captured_unhandled() { set_unhandled_handler(before_); }
    [[nodiscard]] const std::vector<std::string>& all() const { return kept(); }

private:
    static std::vector<std::string>& kept() {
        static std::vector<std::string> texts;
        return texts;
    }
    static void keep(std::exception_ptr error, std::string_view where) noexcept {
        kept().push_back(describe_exception(error) + " | " + std::string(where));
    }
    unhandled_handler before_;
};

}  // namespace weft::testing
