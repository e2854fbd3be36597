#pragma once

#include "guide.hpp"

#include <string_view>
#include <vector>

/// The tour: the programs that weft was made to run, each as the shortest good C++ for the job, to
/// be read, run and copied. A file a section; each gives its programs with the text they must
/// print.
namespace weft::tour {

struct program {
    std::string_view id;     ///< section and number: "0.2"
    std::string_view title;  ///< what it is, in a few words
    std::string_view shows;  ///< what it shows, in one sentence
    void (*run)(guide& show);
    /// What it must print. '…' stands for what differs from run to run (at least one character of
    /// a line), a line of '⋮' for any number of lines.
    std::string_view expected;
};

using programs = std::vector<program>;

// The sections: each is made by a file named after its article (t000_…), the course (tb_…), or
// eventlet and gevent (te_…).
programs kernel_is_not_asked();
programs generators();
programs follow_a_log();
programs consumers();
programs pipelines();
programs handlers_compared();
programs environments();
programs models_of_io();
programs frames();
programs backtraces();
programs yield_from();
programs symmetric_coroutines();
programs greenlets_with_a_queue();
programs producer_and_consumer();
programs greenlets();
programs gevent();
programs gevent_join();
programs gevent_sockets();
programs from_subroutines();
programs hello_asyncio();
programs speed_and_locks();
programs course_pipelines();
programs course_coroutines();
programs course_speed();
programs course_misuse();
programs course_pyos();
programs course_pyos_bugs();
programs course_echo();
programs course_buses();
programs eventlet();
programs waiting_together();
programs queues();
programs groups();
programs threads();
programs several_loops();
programs network_clients();
programs network_servers();
programs network_sockets();
programs processes();

/// All of them, in the order of their IDs.
programs all_programs();

}  // namespace weft::tour
