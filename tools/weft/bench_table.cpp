#include "bench_table.hpp"

#include <array>

namespace weft::tool {
namespace {

constexpr double no_bar = 0;
constexpr bool with_log = true;

constexpr bench_peers no_peers{};
constexpr bench_peers spawn_peers{{"Tokio", {"peer_tokio", "spawn"}},
                                  {"Go", {"peer_go", "spawn"}},
                                  {"Boost.Asio", {"spawn_join_asio", "asio"}},
                                  {"Boost.Fiber", {"spawn_join_fiber", "fiber"}}};
constexpr bench_peers timer_peers{{"Tokio", {"peer_tokio", "timer"}},
                                  {"Go", {"peer_go", "timer"}},
                                  {"Boost.Asio", {"timer_million_asio", "asio"}}};
constexpr bench_peers sleep_peers{{"Tokio", {"peer_tokio", "sleep"}},
                                  {"Go", {"peer_go", "sleep"}},
                                  {"Boost.Asio", {"sleep_memory_asio", "asio"}}};
constexpr bench_peers channel_peers{{"Boost.Fiber", {"channel_fiber", "fiber"}},
                                    {"Go", {"peer_go", "channel"}}};
constexpr bench_peers rendezvous_peers{{"Go", {"peer_go", "rendezvous"}},
                                       {"Boost.Fiber", {"channel_fiber", "rendezvous"}}};
/// They split the text where it lies.
constexpr bench_peers line_peers{{"std::getline", {"stream_lines", "getline"}},
                                 {"memchr, by hand", {"stream_lines", "memchr"}}};

constexpr bench_peers mutex_peers{{"Boost.Fiber", {"mutex_lock_fiber", "fiber"}},
                                  {"std::mutex", {"mutex_lock", "std"}}};

// Each figure of an echo is a multiple of the minimal server's, measured in turns with it.
constexpr bench_peers echo_peers_64{{"libuv", {"echo", "libuv-64"}},
                                    {"Boost.Asio", {"echo", "asio-64"}},
                                    {"Tokio", {"echo", "tokio-64"}},
                                    {"Go", {"echo", "go-64"}}};
constexpr bench_peers echo_peers_1000{{"libuv", {"echo", "libuv-1000"}},
                                      {"Boost.Asio", {"echo", "asio-1000"}},
                                      {"Tokio", {"echo", "tokio-1000"}},
                                      {"Go", {"echo", "go-1000"}}};
constexpr bench_peers echo_peers_10000{{"libuv", {"echo", "libuv-10000"}},
                                       {"Boost.Asio", {"echo", "asio-10000"}},
                                       {"Tokio", {"echo", "tokio-10000"}},
                                       {"Go", {"echo", "go-10000"}}};
constexpr bench_peers echo_memory_peers{{"libuv", {"echo_memory", "libuv"}},
                                        {"Boost.Asio", {"echo_memory", "asio"}},
                                        {"Tokio", {"echo_memory", "tokio"}},
                                        {"Go", {"echo_memory", "go"}}};
constexpr bench_peers echo_connections_peers{{"libuv", {"echo_connections", "libuv"}},
                                             {"Boost.Asio", {"echo_connections", "asio"}},
                                             {"Tokio", {"echo_connections", "tokio"}},
                                             {"Go", {"echo_connections", "go"}}};

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
    benchmark{"greenlet.memory-64",
              "the same as a suspended greenlet with its block and its handle", "KiB_per_stack",
              "KiB", better::lower, bench_side{"stack_memory", "greenlet64"}, "the bar, in KiB",
              bench_side{"stack_memory", "bar64"}, 1},
    benchmark{"greenlet.memory-256", "the same with 256 KiB reserved", "KiB_per_stack", "KiB",
              better::lower, bench_side{"stack_memory", "greenlet256"}, "the bar, in KiB",
              bench_side{"stack_memory", "bar256"}, 1},
    benchmark{"stack.memory-64-boost", "the same against one of 30,000, the most that it reaches",
              "KiB_per_stack", "KiB", better::lower, bench_side{"stack_memory", "weft64"},
              "Boost.Context, 30,000", bench_side{"stack_memory_boost", "boost64"}, no_bar},
    benchmark{"stack.memory-256-boost", "the same with 256 KiB", "KiB_per_stack", "KiB",
              better::lower, bench_side{"stack_memory", "weft256"}, "Boost.Context, 30,000",
              bench_side{"stack_memory_boost", "boost256"}, no_bar},
    benchmark{"stack.mappings", "the mappings of 1,000,000 stacks with guards", "mappings", "maps",
              better::lower, bench_side{"stack_mappings", "weft"}, "the bar: a handful",
              bench_side{"stack_mappings", "bar"}, 1},
    benchmark{"greenlet.mappings", "the mappings of 1,000,000 suspended greenlets", "mappings",
              "maps", better::lower, bench_side{"stack_mappings", "greenlets"},
              "the bar: a handful", bench_side{"stack_mappings", "bar"}, 1},
    benchmark{"spawn.task", "a task that does nothing, spawned and joined, one of 1,000",
              "ns_per_spawn", "ns", better::lower, bench_side{"spawn_join", "task"}, spawn_peers,
              0.3},
    benchmark{"spawn.fiber", "a fiber that does nothing, spawned and joined, one of 1,000",
              "ns_per_spawn", "ns", better::lower, bench_side{"spawn_join", "fiber"}, spawn_peers,
              0.55},
    benchmark{"spawn.task-without-io", "a task against one of a loop that can do no I/O",
              "ns_per_spawn", "ns", better::lower, bench_side{"spawn_join", "task"},
              "Tokio, time only", bench_side{"peer_tokio", "spawn-without-io"}, no_bar},
    benchmark{"when_all.ready", "a task that does nothing, one of 1,000 awaited together",
              "ns_per_task", "ns", better::lower, bench_side{"when_all", "weft"}, no_peers, no_bar}
        .at_most(40),
    benchmark{"yield.task", "a yield of a task, one of 1,000 that are ready", "ns_per_yield", "ns",
              better::lower, bench_side{"yield", "task"}, "Go", bench_side{"peer_go", "yield"},
              0.12},
    benchmark{"yield.fiber", "a yield of a fiber, one of 1,000 that are ready", "ns_per_yield",
              "ns", better::lower, bench_side{"yield", "fiber"}, "Go",
              bench_side{"peer_go", "yield"}, 0.12},
    benchmark{"yield.task-tokio", "a yield of a task against that of another", "ns_per_yield", "ns",
              better::lower, bench_side{"yield", "task"}, "Tokio",
              bench_side{"peer_tokio", "yield"}, no_bar},
    benchmark{"yield.fiber-boost", "a yield of a fiber against that of another", "ns_per_yield",
              "ns", better::lower, bench_side{"yield", "fiber"}, "Boost.Fiber",
              bench_side{"yield_fiber", "fiber"}, no_bar},
    benchmark{"await.nested", "a child task awaited, from another source file", "ns_per_await",
              "ns", better::lower, bench_side{"await_nested", "weft"}, no_peers, no_bar}
        .at_most(10),
    benchmark{"mutex.task", "a mutex that nobody else wants, locked and unlocked in a task",
              "ns_per_lock", "ns", better::lower, bench_side{"mutex_lock", "task"}, mutex_peers,
              no_bar}
        .at_most(5),
    benchmark{"mutex.fiber", "the same in a fiber", "ns_per_lock", "ns", better::lower,
              bench_side{"mutex_lock", "fiber"}, mutex_peers, no_bar},
    benchmark{"sleep.task-memory", "a sleeping task, one of 1,000,000: resident memory",
              "bytes_per_task", "B", better::lower, bench_side{"sleep_memory", "task"}, sleep_peers,
              no_bar}
        .at_most(320),
    benchmark{"sleep.fiber-memory", "a sleeping fiber, one of 1,000,000: resident memory",
              "KiB_per_fiber", "KiB", better::lower, bench_side{"sleep_memory", "fiber"},
              "Boost.Fiber, 100,000", bench_side{"sleep_memory_fiber", "fiber"}, no_bar}
        .at_most(4.75),
    benchmark{"sleep.fiber-tables", "a sleeping fiber, one of 1,000,000: page tables",
              "KiB_per_fiber", "KiB", better::lower, bench_side{"sleep_memory", "fiber-tables"},
              no_peers, no_bar},
    benchmark{"timer.million", "1,000,000 deadlines within a second, waited for", "CPU_ms", "ms",
              better::lower, bench_side{"timer_million", "weft"}, timer_peers, 0.5},
    benchmark{"shared_channel.1024", "an item from a loop to one on another thread, capacity 1,024",
              "ns_per_item", "ns", better::lower, bench_side{"shared_channel", "1024"}, "Go",
              bench_side{"peer_go", "shared-channel-1024"}, 0.5}
        .on_all_processors(),
    benchmark{"shared_channel.1", "the same with capacity 1", "ns_per_item", "ns", better::lower,
              bench_side{"shared_channel", "1"}, "Go", bench_side{"peer_go", "shared-channel-1"},
              1.0}
        .on_all_processors(),
    benchmark{"shared_channel.threads-1024", "the same between plain threads, capacity 1,024",
              "ns_per_item", "ns", better::lower, bench_side{"shared_channel", "threads-1024"},
              "Go", bench_side{"peer_go", "shared-channel-1024"}, no_bar}
        .on_all_processors(),
    benchmark{"idle.wakeups", "wake-ups in a second of a loop whose coroutines all wait",
              "a_second", "1/s", better::lower, bench_side{"idle_wakeups", "wakeups"}, no_peers,
              no_bar}
        .at_most(0),
    benchmark{"idle.cpu", "processor time in a second of a loop whose coroutines all wait",
              "a_second", "ns", better::lower, bench_side{"idle_wakeups", "cpu"}, no_peers, no_bar}
        .at_most(0),
    benchmark{"channel.buffered-task", "an item through a channel of 1,024, one thread: tasks",
              "ns_per_item", "ns", better::lower, bench_side{"channel", "task"}, channel_peers,
              0.3},
    benchmark{"channel.buffered-fiber", "an item through a channel of 1,024, one thread: fibers",
              "ns_per_item", "ns", better::lower, bench_side{"channel", "fiber"}, channel_peers,
              0.3},
    benchmark{"channel.rendezvous-task", "an item from hand to hand, one thread: tasks",
              "ns_per_item", "ns", better::lower, bench_side{"channel", "rendezvous-task"},
              rendezvous_peers, 0.15},
    benchmark{"channel.rendezvous-fiber", "an item from hand to hand, one thread: fibers",
              "ns_per_item", "ns", better::lower, bench_side{"channel", "rendezvous-fiber"},
              rendezvous_peers, 0.15},
    benchmark{"echo.task-64",
              "an echo of 64 bytes, 64 connections, tasks: CPU over a minimal epoll server",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_task-64"}, no_peers, no_bar}
        .at_most(1.10)
        .on_all_processors(),
    benchmark{"echo.task-64-vs-others", "its CPU against theirs, 64 connections, tasks",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_task-64"}, echo_peers_64,
              1.0}
        .on_all_processors(),
    benchmark{"echo.task-1000", "the same with 1,000 connections", "times_raw", "x", better::lower,
              bench_side{"echo", "weft_task-1000"}, no_peers, no_bar}
        .at_most(1.10)
        .on_all_processors(),
    benchmark{"echo.task-1000-vs-others", "its CPU against theirs, 1,000 connections, tasks",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_task-1000"},
              echo_peers_1000, 1.0}
        .on_all_processors(),
    benchmark{"echo.task-10000", "the same with 10,000 connections", "times_raw", "x",
              better::lower, bench_side{"echo", "weft_task-10000"}, no_peers, no_bar}
        .at_most(1.20)
        .on_all_processors(),
    benchmark{"echo.task-10000-vs-others", "its CPU against theirs, 10,000 connections, tasks",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_task-10000"},
              echo_peers_10000, 1.0}
        .on_all_processors(),
    benchmark{"echo.fiber-64",
              "an echo of 64 bytes, 64 connections, fibers: CPU over a minimal epoll server",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_fiber-64"}, no_peers,
              no_bar}
        .at_most(1.12)
        .on_all_processors(),
    benchmark{"echo.fiber-64-vs-others", "its CPU against theirs, 64 connections, fibers",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_fiber-64"}, echo_peers_64,
              1.0}
        .on_all_processors(),
    benchmark{"echo.fiber-1000", "the same with 1,000 connections", "times_raw", "x", better::lower,
              bench_side{"echo", "weft_fiber-1000"}, no_peers, no_bar}
        .at_most(1.20)
        .on_all_processors(),
    benchmark{"echo.fiber-1000-vs-others", "its CPU against theirs, 1,000 connections, fibers",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_fiber-1000"},
              echo_peers_1000, 1.0}
        .on_all_processors(),
    benchmark{"echo.fiber-10000", "the same with 10,000 connections", "times_raw", "x",
              better::lower, bench_side{"echo", "weft_fiber-10000"}, no_peers, no_bar}
        .at_most(1.35)
        .on_all_processors(),
    benchmark{"echo.fiber-10000-vs-others", "its CPU against theirs, 10,000 connections, fibers",
              "times_raw", "x", better::lower, bench_side{"echo", "weft_fiber-10000"},
              echo_peers_10000, 1.0}
        .on_all_processors(),
    benchmark{"echo.connections-task",
              "connected, one echo, left, tasks: how many over a minimal epoll server", "times_raw",
              "x", better::higher, bench_side{"echo_connections", "weft_task"},
              echo_connections_peers, no_bar}
        .at_least(0.9)
        .on_all_processors(),
    benchmark{"echo.connections-fiber",
              "connected, one echo, left, fibers: how many over a minimal epoll server",
              "times_raw", "x", better::higher, bench_side{"echo_connections", "weft_fiber"},
              echo_connections_peers, no_bar}
        .at_least(0.9)
        .on_all_processors(),
    benchmark{"echo.memory-task",
              "a silent connection of an echo server, one of 10,000, tasks: its memory",
              "bytes_per_connection", "B", better::lower, bench_side{"echo_memory", "weft_task"},
              echo_memory_peers, no_bar}
        .at_most(1024)
        .on_all_processors(),
    benchmark{"echo.memory-fiber",
              "a silent connection of an echo server, one of 10,000, fibers: its memory",
              "bytes_per_connection", "B", better::lower, bench_side{"echo_memory", "weft_fiber"},
              echo_memory_peers, no_bar}
        .at_most(6144)
        .on_all_processors(),
    benchmark{"echo.idle-task", "CPU in a second while 10,000 connections are silent, tasks",
              "a_second", "ns", better::lower, bench_side{"echo_idle", "weft_task"}, no_peers,
              no_bar}
        .at_most(0)
        .on_all_processors(),
    benchmark{"echo.idle-fiber", "CPU in a second while 10,000 connections are silent, fibers",
              "a_second", "ns", better::lower, bench_side{"echo_idle", "weft_fiber"}, no_peers,
              no_bar}
        .at_most(0)
        .on_all_processors(),
    benchmark{"stream.line-task", "a line of 40 bytes read from a memory pipe in a task",
              "ns_per_line", "ns", better::lower, bench_side{"stream_lines", "task"}, line_peers,
              no_bar},
    benchmark{"stream.line-fiber", "the same in a fiber", "ns_per_line", "ns", better::lower,
              bench_side{"stream_lines", "fiber"}, line_peers, no_bar},
    benchmark{"stream.line-view", "the same as a view, in a task", "ns_per_line", "ns",
              better::lower, bench_side{"stream_lines", "view"}, line_peers, no_bar},
    // Several loops.
    benchmark{"echo.loops-task-64",
              "an echo of 64 bytes, 64 connections, tasks: CPU of two loops over one's",
              "times_one_loop", "x", better::lower, bench_side{"echo_loops", "weft_task-64"},
              no_peers, no_bar}
        .at_most(1.05)
        .on_all_processors(),
    benchmark{"echo.loops-task-1000", "the same with 1,000 connections", "times_one_loop", "x",
              better::lower, bench_side{"echo_loops", "weft_task-1000"}, no_peers, no_bar}
        .at_most(1.05)
        .on_all_processors(),
    benchmark{"echo.loops-fiber-64",
              "an echo of 64 bytes, 64 connections, fibers: CPU of two loops over one's",
              "times_one_loop", "x", better::lower, bench_side{"echo_loops", "weft_fiber-64"},
              no_peers, no_bar}
        .at_most(1.05)
        .on_all_processors(),
    // Pipelines across environments.
    benchmark{"item.threaded", "an item through threaded() to another thread, capacity 1,024",
              "ns_per_item", "ns", better::lower, bench_side{"item_threaded", "1024"}, "Go",
              bench_side{"peer_go", "shared-channel-1024"}, 0.5}
        .on_all_processors(),
    benchmark{"item.threaded-vs-direct", "the same against a direct send", "ns_per_item", "ns",
              better::lower, bench_side{"item_threaded", "1024"}, "direct",
              bench_side{"item_threaded", "direct"}, no_bar}
        .on_all_processors(),
    benchmark{"item.forked", "an item of 64 bytes through forked() to another process",
              "ns_per_item", "ns", better::lower, bench_side{"item_forked", "64"}, no_peers, no_bar}
        .at_most(100)
        .on_all_processors(),
    benchmark{"log.threads-2", "a word in 1 GB of log, on the wall: two threads", "MB_per_s",
              "MB/s", better::higher, bench_side{"log_threads", "2"}, "weft, one thread",
              bench_side{"log_threads", "1"}, 1.6, with_log}
        .on_all_processors(),
    benchmark{"log.processes-2", "the same by two processes", "MB_per_s", "MB/s", better::higher,
              bench_side{"log_threads", "2-processes"}, "weft, one thread",
              bench_side{"log_threads", "1"}, no_bar, with_log}
        .on_all_processors(),
    benchmark{"subprocess.spawn", "/bin/true started and waited for: CPU of the one that starts it",
              "ns_per_process", "ns", better::lower, bench_side{"subprocess_spawn", "weft"},
              "posix_spawn, waitpid", bench_side{"subprocess_spawn", "posix_spawn"}, no_bar},
    benchmark{"file.read", "64 KiB of a file that is in the page cache", "ns_per_piece", "ns",
              better::lower, bench_side{"file_read", "weft"}, "pread",
              bench_side{"file_read", "pread"}, no_bar},
    benchmark{"xml.consumers", "200 MB of XML through consumers, buses chosen", "MB_per_s", "MB/s",
              better::higher, bench_side{"xml_consumers", "weft"}, "bare expat handlers",
              bench_side{"xml_consumers", "expat"}, 0.92},
    benchmark{"xml.records", "the same as records of any fields", "MB_per_s", "MB/s",
              better::higher, bench_side{"xml_consumers", "records"}, "bare expat handlers",
              bench_side{"xml_consumers", "expat"}, no_bar},
};

}  // namespace

std::span<const benchmark> all_benchmarks() {
    return benchmarks;
}

}  // namespace weft::tool
