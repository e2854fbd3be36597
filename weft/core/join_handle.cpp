#include "weft/core/join_handle.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"

#include <utility>

namespace weft::detail {

const wait_kind join_kind{
    "the end of another coroutine",
    [](waiter& w) noexcept {
        static_cast<join_waiter&>(w).unlink();
        this_scheduler().abandon(*w.block);
    },
};

void refuse_to_join_self() {
    throw usage_error("join: a coroutine awaits its own handle, which would never end: return, or "
                      "let another one join it");
}
void refuse_taken_result() {
    throw usage_error("join: the result was moved out already, by the first join: it cannot be "
                      "copied, so join once or share it by a pointer");
}
void refuse_unfinished(const control_block& b) {
    throw usage_error("join_handle: " + describe(b) + " has not ended: await it, or ask ready()");
}
void any_handle::refuse_empty() {
    throw usage_error("join_handle: it is empty: moved from, detached, or never set");
}

void rethrow_ended(control_block& b) {
    if (b.state == block_state::cancelled)
        throw child_cancelled(describe(b) + ", was " + b.extra->origin.text());
    b.flags |= block_flag::observed;
    // The joiner's own trace begins with this one.
    control_block* const by = the_scheduler != nullptr ? the_scheduler->current() : nullptr;
    if (by != nullptr && by != &b) {
        block_extra& mine = extra_of(*by);
        mine.error = b.extra->error;
        mine.trace = b.extra->trace;
    }
    remember_trace(b.extra->error, b.extra->trace);
    std::rethrow_exception(b.extra->error);
}

std::exception_ptr any_handle::error() const {
    control_block& b = block();
    if (!b.ended()) refuse_unfinished(b);
    if (b.state == block_state::returned) return nullptr;
    if (b.state == block_state::failed) {
        b.flags |= block_flag::observed;
        remember_trace(b.extra->error, b.extra->trace);
        return b.extra->error;
    }
    try {
        rethrow_ended(b);
    } catch (...) {
        return std::current_exception();
    }
}

void any_handle::cancel(std::source_location at) const {
    cancel_node::cancel_block(block(), origin_here(cancel_reason::request, at));
}

std::string_view any_handle::name() const {
    const char* const name = block().name;
    return name != nullptr ? name : std::string_view();
}

void any_handle::set_name(std::string_view text) const {
    set_block_name(block(), text);
}

void any_handle::add_link(std::function<void(control_block&)> f) const {
    control_block& b = block();
    if (!b.ended()) {
        extra_of(b).links.push_back(std::move(f));
        ++b.handles;  // what is to be called gets one, and so the result
        return;
    }
    scheduler_for("link()").call_soon([keep = *this, f = std::move(f)] { f(keep.block()); });
}

async_backtrace any_handle::backtrace() const {
    return backtrace_of(block());
}

}  // namespace weft::detail
