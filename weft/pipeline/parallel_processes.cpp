#include "weft/pipeline/parallel_processes.hpp"

namespace weft::detail {

void process_worker::start(work_function work, void* argument) {
    struct job {
        process_worker& self;
        work_function work;
        void* argument;
    } job{*this, work, argument};
    begin(
        [](void* given, queue_receiver& in) {
            auto& mine = *static_cast<struct job*>(given);
            queue_sender out(mine.self.back_, mine.self.peer_);
            mine.work(mine.argument, in, out);
        },
        &job);
    back_.keep_from_children();
}

std::string_view process_worker::wait_for_result() {
    if (results_.next() != queue_receiver::found::item) fail();
    return results_.bytes();
}

std::string process_worker::receive() {
    std::string bytes(wait_for_result());
    results_.done();
    return bytes;
}

void process_worker::fail() {
    static_cast<void>(finish());
    throw forked_error("parallel_map(): the process of a worker has ended before its work", 0, 0);
}

}  // namespace weft::detail
