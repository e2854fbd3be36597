#include "weft/core/async_backtrace.hpp"

#include "weft/core/describe.hpp"
#include "weft/core/fiber_record.hpp"
#include "weft/core/scheduler.hpp"

namespace weft {
namespace {

struct remembered {
    std::exception_ptr error;
    std::vector<detail::place> trace;
};

remembered& last_thrown() {
    static thread_local remembered last;
    return last;
}

}  // namespace

namespace detail {

async_backtrace backtrace_of(const control_block& b) {
    std::vector<std::source_location> frames;
    if (!b.ended() && b.leaf && b.kind != block_kind::foreign)
        for (const await_link* l = &await_link::of(b.leaf); l != nullptr; l = l->awaiter)
            frames.push_back(location_at(l->at));
    if (b.spawned_at != nullptr && (frames.empty() || place_of(frames.back()) != b.spawned_at))
        frames.push_back(location_at(b.spawned_at));
    return async_backtrace(std::move(frames));
}

void remember_trace(const std::exception_ptr& error, const std::vector<place>& trace) {
    last_thrown() = {error, trace};
}

}  // namespace detail

async_backtrace async_backtrace::current(std::source_location here) {
    const detail::scheduler* const home = detail::the_scheduler;
    if (home == nullptr || home->current() == nullptr) return {};
    std::vector<std::source_location> frames = detail::backtrace_of(*home->current()).frames_;
    if (!frames.empty()) frames.front() = here;
    return async_backtrace(std::move(frames));
}

async_backtrace async_backtrace::of(const std::exception_ptr& error) {
    const remembered& last = last_thrown();
    if (!error || last.error != error) return {};
    std::vector<std::source_location> frames;
    frames.reserve(last.trace.size());
    for (const detail::place at : last.trace) frames.push_back(detail::location_at(at));
    return async_backtrace(std::move(frames));
}

std::string async_backtrace::text() const {
    std::string text;
    for (const auto& at : frames_) text += "  at " + detail::describe_frame(at) + "\n";
    return text;
}

}  // namespace weft
