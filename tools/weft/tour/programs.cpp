#include "program.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>

namespace weft::tour {
namespace {

/// 0.2 comes before 0.10, and the articles before the course.
auto order(const program& one) {
    const auto dot = one.id.find('.');
    int row = 0;
    std::from_chars(one.id.data() + dot + 1, one.id.data() + one.id.size(), row);
    return std::tuple(one.id.substr(0, dot), row);
}

}  // namespace

programs all_programs() {
    programs all;
    for (const auto section : {kernel_is_not_asked,
                               generators,
                               follow_a_log,
                               consumers,
                               pipelines,
                               handlers_compared,
                               environments,
                               models_of_io,
                               frames,
                               backtraces,
                               yield_from,
                               symmetric_coroutines,
                               greenlets_with_a_queue,
                               producer_and_consumer,
                               greenlets,
                               gevent,
                               gevent_join,
                               gevent_sockets,
                               from_subroutines,
                               hello_asyncio,
                               speed_and_locks,
                               course_pipelines,
                               course_coroutines,
                               course_speed,
                               course_misuse,
                               course_pyos,
                               course_pyos_bugs,
                               course_echo,
                               course_buses,
                               eventlet,
                               waiting_together,
                               queues,
                               groups,
                               threads,
                               several_loops,
                               network_clients,
                               network_servers,
                               network_sockets,
                               processes})
        std::ranges::copy(section(), std::back_inserter(all));
    std::ranges::sort(all, {}, order);
    return all;
}

}  // namespace weft::tour
