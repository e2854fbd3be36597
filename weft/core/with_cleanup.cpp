#include "weft/core/with_cleanup.hpp"

#include "weft/base/unhandled.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/exception_group.hpp"

namespace weft::detail {
namespace {

bool is_cancellation(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

cleanup_scope::cleanup_scope() : cancel_scope(cancel_node::shielding::shielded, clock::never) {
    node().set_grace(this_scheduler().how().grace(), place_of_call());
}

void throw_after_cleanup(cleanup_scope& s, const std::exception_ptr& of_body,
                         const std::exception_ptr& of_cleanup) {
    s.node().leave();
    if (!of_cleanup) return;
    if (absorbs(s.node(), of_cleanup)) {
        // Its time was over: it is not done, which a result would hide.
        control_block& b = *s.node().owner();
        if (!of_body && b.has(block_flag::cancel_pending)) raise_cancelled(b);
        return;
    }
    if (!of_body) std::rethrow_exception(of_cleanup);
    if (!is_cancellation(of_body)) throw exception_group({of_body, of_cleanup});
    report_unhandled(of_cleanup, "cleaning up after a cancellation");
}

}  // namespace weft::detail
