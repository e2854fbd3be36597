#pragma once

#include "echo_server.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

/// Two echo servers in turns: what disturbs a machine for longer than a moment meets both.
namespace bench {

/// A process that takes turns when it is told to: two of them have twice the descriptors of one.
class echo_turns_process {
public:
    /// `take_turns` runs in it, with the descriptor to answer on; it does not return. Waits for a
    /// first answer, that it is ready: nobody's turn begins while another is still connecting.
    template <class Function>
    explicit echo_turns_process(Function take_turns) {
        const int channel = begin();
        if (channel >= 0) take_turns(channel);
        static_cast<void>(answer());
    }
    echo_turns_process(const echo_turns_process&) = delete;
    echo_turns_process& operator=(const echo_turns_process&) = delete;
    ~echo_turns_process();

    /// The figure of one turn. Ends this process, with the same status, when the other has ended.
    [[nodiscard]] double take_turn();

private:
    /// In the new process: the descriptor; in this one: -1.
    [[nodiscard]] int begin();
    [[nodiscard]] double answer();

    pid_t process_ = -1;
    int channel_ = -1;
};

/// In the process: waits until it is told to take a turn.
void await_turn(int channel);
/// In the process: what it came to.
void answer_turn(int channel, double figure);

/// How long a turn takes.
class echo_turn_length {
public:
    using seconds = std::chrono::duration<double>;

    seconds warm{};
    seconds measured{};
};

/// Serves turns for ever: of the processor time of a server, in microseconds, for each of what
/// `Load` counts. `Load` has `start()`, `run_for(seconds)` that gives a count, and `finish()`,
/// after which the server has nothing to do.
template <class Load>
[[noreturn]] void take_echo_turns(int channel, std::string_view name, std::size_t connections,
                                  echo_turn_length length) {
    const echo_server server(name);
    Load load(server.port(), connections);
    for (double us = 0;;) {
        answer_turn(channel, us);
        await_turn(channel);
        load.start();
        static_cast<void>(load.run_for(length.warm));
        const double before = server.cpu_ns();
        const std::uint64_t count = load.run_for(length.measured);
        us = (server.cpu_ns() - before) / 1e3 / static_cast<double>(count);
        load.finish();
    }
}

[[nodiscard]] inline double median_of(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// The medians of many turns.
class echo_comparison {
public:
    double us = 0;
    double us_other = 0;
    /// Of the ratios of two turns that follow each other.
    double times_other = 0;
};

/// The server that was asked for, against another one, for so many seconds each.
template <class Load>
[[nodiscard]] echo_comparison compare_echo(const echo_request& asked, std::size_t connections,
                                           std::string_view other) {
    // As short as gives many of them a chance, and each connection a few requests in each.
    const std::size_t turns = connections < 4'000 ? 31 : 5;
    // All of them are served at least once before a turn counts, and a few times while it does.
    echo_turn_length length;
    length.warm = echo_turn_length::seconds(0.01 + 10e-6 * static_cast<double>(connections));
    length.measured = echo_turn_length::seconds(asked.seconds / static_cast<double>(turns));
    const auto turns_of = [&](std::string_view name) {
        return [=](int channel) { take_echo_turns<Load>(channel, name, connections, length); };
    };
    echo_turns_process first(turns_of(asked.server));
    echo_turns_process second(turns_of(other));
    std::vector<double> us, us_other, times;
    for (std::size_t i = 0; i <= turns; ++i) {
        // In the order A B, B A, A B: a drift meets both.
        double mine = 0;
        if (i % 2 == 0) mine = first.take_turn();
        const double theirs = second.take_turn();
        if (i % 2 == 1) mine = first.take_turn();
        if (i == 0) continue;  // caches, pools and the kernel's own
        us.push_back(mine);
        us_other.push_back(theirs);
        times.push_back(mine / theirs);
    }
    echo_comparison result;
    result.us = median_of(us);
    result.us_other = median_of(us_other);
    result.times_other = median_of(times);
    return result;
}

}  // namespace bench
