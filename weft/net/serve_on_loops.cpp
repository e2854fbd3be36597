#include "weft/net/serve_on_loops.hpp"

namespace weft::detail {

task<> follow_remote(remote_handle<void> there) {
    const remote_child child(std::move(there));
    auto wait = std::bind_front(&remote_child::wait, &child);
    auto end = std::bind_front(&remote_child::end, &child);
    co_await with_cleanup(wait, end);
}

}  // namespace weft::detail
