#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

/// Which benchmarks there are. A row of `weft bench` is a line of this table; the programs are in
/// bench/.
namespace weft::tool {

/// A program of bench/ and which of its sides to run.
struct bench_side {
    std::string_view program;
    std::string_view side;
};

/// Whom weft is measured against, and what they are called in the output.
struct bench_peer {
    std::string_view name;
    bench_side side;
};

/// None, one, or several, of which the best is the one that counts: who that is, each run finds.
class bench_peers {
public:
    static constexpr std::size_t most = 4;

    constexpr bench_peers(std::initializer_list<bench_peer> list) : size_(list.size()) {
        std::ranges::copy(list, peers_.begin());
    }
    [[nodiscard]] constexpr std::span<const bench_peer> all() const {
        return std::span(peers_).first(size_);
    }

private:
    std::array<bench_peer, most> peers_{};
    std::size_t size_;
};

/// Which way a figure is good. A bar is a ceiling for times and sizes, a floor for rates.
enum class better { lower, higher };

/// What must be reached: by the ratio weft / best peer, or by weft's figure itself.
enum class bar_on { nothing, ratio, figure };

class benchmark {
public:
    /// Against others; `bar` is on the ratio, 0 where nothing was promised.
    constexpr benchmark(std::string_view called, std::string_view asks, std::string_view prints,
                        std::string_view in, better way, bench_side ours, bench_peers against,
                        double bar_value)
        : name(called),
          question(asks),
          metric(prints),
          unit(in),
          direction(way),
          weft(ours),
          peers(against),
          bar(bar_value),
          on(bar_value == 0 ? bar_on::nothing : bar_on::ratio) {}
    /// Against one.
    constexpr benchmark(std::string_view called, std::string_view asks, std::string_view prints,
                        std::string_view in, better way, bench_side ours,
                        std::string_view peer_name, bench_side peer, double bar_value,
                        bool log = false)
        : benchmark(called, asks, prints, in, way, ours, {{peer_name, peer}}, bar_value) {
        needs_log = log;
    }
    /// With a bar in the unit of the figure: the peers, if there are any, are for comparison.
    [[nodiscard]] constexpr benchmark at_most(double figure) const {
        benchmark barred = *this;
        barred.bar = figure;
        barred.on = bar_on::figure;
        return barred;
    }
    /// The same for a figure that is good when it is high.
    [[nodiscard]] constexpr benchmark at_least(double figure) const { return at_most(figure); }
    /// Of several threads: neither side is held to one processor.
    [[nodiscard]] constexpr benchmark on_all_processors() const {
        benchmark wide = *this;
        wide.all_processors = true;
        return wide;
    }

    std::string_view name;
    std::string_view question;
    /// What the programs print in front of their figure.
    std::string_view metric;
    std::string_view unit;
    better direction;
    bench_side weft;
    bench_peers peers;
    double bar;
    bar_on on;
    /// Whether the programs are given the path of the log of 1 GB.
    bool needs_log = false;
    bool all_processors = false;
};

[[nodiscard]] std::span<const benchmark> all_benchmarks();

}  // namespace weft::tool
