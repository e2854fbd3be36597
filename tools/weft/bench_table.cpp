#include "bench_table.hpp"

#include <array>

namespace weft::tool {
namespace {

constexpr double no_bar = 0;
constexpr bool with_log = true;

constexpr std::array benchmarks = {
    benchmark{"generator.for", "a value of a generator in a range-for", "ns_per_value", "ns",
              better::lower, bench_side{"generator_for", "weft"}, "minimal generator",
              bench_side{"generator_for", "minimal"}, 1.15},
    benchmark{"generator.next", "a value through next(), with every check", "ns_per_value", "ns",
              better::lower, bench_side{"generator_next", "weft"}, "minimal generator",
              bench_side{"generator_next", "minimal"}, 1.6},
    benchmark{"generator.send", "a value sent and one handed back, with every check", "ns_per_send",
              "ns", better::lower, bench_side{"generator_send", "weft"}, "minimal generator",
              bench_side{"generator_send", "minimal"}, 1.6},
    benchmark{"generator.tree20", "a node of a binary tree, recursively, depth 20", "ns_per_node",
              "ns", better::lower, bench_side{"generator_tree", "depth20"}, "Boost.Coroutine2",
              bench_side{"generator_tree_boost", "depth20"}, 0.7},
    benchmark{"generator.tree20-vs-5", "a node at depth 20 against a node at depth 5",
              "ns_per_node", "ns", better::lower, bench_side{"generator_tree", "depth20"},
              "weft, depth 5", bench_side{"generator_tree", "depth5"}, 1.05},
    benchmark{"generator.text", "a string handed out by reference", "ns_per_value", "ns",
              better::lower, bench_side{"generator_text", "weft"}, "minimal, a pointer",
              bench_side{"generator_text", "minimal"}, no_bar},
    benchmark{"generator.create", "a generator made, used once, destroyed: the frame pool",
              "ns_per_generator", "ns", better::lower, bench_side{"generator_create", "weft"},
              "minimal, malloc", bench_side{"generator_create", "minimal"}, no_bar},
    benchmark{"generator.for-python", "a value of a generator in a for", "ns_per_value", "ns",
              better::lower, bench_side{"generator_for", "weft"}, "python3",
              bench_side{"generator_for", "python"}, no_bar},
    benchmark{"consumer.send", "an item sent to a consumer", "ns_per_send", "ns", better::lower,
              bench_side{"consumer_send", "weft"}, "virtual call",
              bench_side{"consumer_send", "virtual"}, 2},
    benchmark{"consumer.send-struct", "the same against a function of a struct", "ns_per_send",
              "ns", better::lower, bench_side{"consumer_send", "weft"}, "struct handler",
              bench_side{"consumer_send", "struct"}, no_bar},
    benchmark{"consumer.send-function", "the same against a std::function", "ns_per_send", "ns",
              better::lower, bench_side{"consumer_send", "weft"}, "std::function",
              bench_side{"consumer_send", "function"}, no_bar},
    benchmark{"greenlet.switch", "a switch between two peers, one way", "ns_per_switch", "ns",
              better::lower, bench_side{"greenlet_switch", "weft"}, "Boost.Context fiber",
              bench_side{"greenlet_switch_boost", "fiber"}, 0.5},
    benchmark{"greenlet.switch-value", "the same with a number each way, checked", "ns_per_switch",
              "ns", better::lower, bench_side{"greenlet_switch", "value"},
              "Boost.Context fiber, none", bench_side{"greenlet_switch_boost", "fiber"}, no_bar},
    benchmark{"greenlet.ring-1000", "a hop round a ring of 1,000", "ns_per_hop", "ns",
              better::lower, bench_side{"greenlet_ring", "1000"}, "Boost.Context fiber",
              bench_side{"greenlet_ring_boost", "1000"}, 0.5},
    benchmark{"greenlet.ring-10000", "a hop round a ring of 10,000", "ns_per_hop", "ns",
              better::lower, bench_side{"greenlet_ring", "10000"}, "Boost.Context fiber",
              bench_side{"greenlet_ring_boost", "10000"}, 0.6},
    benchmark{"greenlet.create", "made, run to its end, destroyed, on a pooled stack",
              "ns_per_greenlet", "ns", better::lower, bench_side{"greenlet_create", "weft"},
              "Boost.Context, pooled", bench_side{"greenlet_create_boost", "pooled"}, 0.4},
    benchmark{"pipeline.grep-block", "a word in 1 GB of log, grep as first stage: by block",
              "MB_per_s", "MB/s", better::higher, bench_side{"pipeline_grep", "block"},
              "grep -c, LC_ALL=C", bench_side{"pipeline_grep", "grep"}, 1.3, with_log},
    benchmark{"pipeline.grep-lines", "the same line by line, through three coroutines", "MB_per_s",
              "MB/s", better::higher, bench_side{"pipeline_grep", "lines"}, "grep -c, LC_ALL=C",
              bench_side{"pipeline_grep", "grep"}, 0.9, with_log},
    benchmark{"pipeline.grep-lines-python", "line by line, against generators in Python",
              "MB_per_s", "MB/s", better::higher, bench_side{"pipeline_grep", "lines"},
              "python3, generators", bench_side{"pipeline_grep", "python-generators"}, 2.2,
              with_log},
    benchmark{"pipeline.grep-push-python", "line by line, against coroutines in Python", "MB_per_s",
              "MB/s", better::higher, bench_side{"pipeline_grep", "lines"}, "python3, coroutines",
              bench_side{"pipeline_grep", "python-coroutines"}, no_bar, with_log},
    benchmark{"stack.memory-64", "a suspended stack of 64 KiB with its guard, one of 1,000,000",
              "KiB_per_stack", "KiB", better::lower, bench_side{"stack_memory", "weft64"},
              "the bar, in KiB", bench_side{"stack_memory", "bar64"}, 1},
    benchmark{"stack.memory-256", "a suspended stack of 256 KiB with its guard, one of 1,000,000",
              "KiB_per_stack", "KiB", better::lower, bench_side{"stack_memory", "weft256"},
              "the bar, in KiB", bench_side{"stack_memory", "bar256"}, 1},
    benchmark{"stack.memory-64-boost", "the same against one of 30,000, the most that it reaches",
              "KiB_per_stack", "KiB", better::lower, bench_side{"stack_memory", "weft64"},
              "Boost.Context, 30,000", bench_side{"stack_memory_boost", "boost64"}, no_bar},
    benchmark{"stack.memory-256-boost", "the same with 256 KiB", "KiB_per_stack", "KiB",
              better::lower, bench_side{"stack_memory", "weft256"}, "Boost.Context, 30,000",
              bench_side{"stack_memory_boost", "boost256"}, no_bar},
    benchmark{"stack.mappings", "the mappings of 1,000,000 stacks with guards", "mappings", "maps",
              better::lower, bench_side{"stack_mappings", "weft"}, "the bar: a handful",
              bench_side{"stack_mappings", "bar"}, 1},
};

}  // namespace

std::span<const benchmark> all_benchmarks() {
    return benchmarks;
}

}  // namespace weft::tool
