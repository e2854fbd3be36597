#include "weft/base/unhandled.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/stored_result.hpp"

namespace weft::detail {
namespace {

void report_unjoined(const control_block& b, const scheduler* home) noexcept {
    const std::string who = describe(b);
    if (home != nullptr && home->how().on_unhandled())
        home->how().on_unhandled()(b.extra->error, who);
    else
        report_unhandled(b.extra->error, who + ", which nobody joined");
}

}  // namespace

void retire_dressed_block(control_block& b) noexcept {
    registry& slab = registry::of(b);
    drop_result(b);
    if (b.extra != nullptr) [[unlikely]] {
        if (b.state == block_state::failed && !b.has(block_flag::observed))
            report_unjoined(b, slab.home());
        forget_extra(b);
    }
    slab.release(b);
}

}  // namespace weft::detail
