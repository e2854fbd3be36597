#include "weft/net/serve_on_loops.hpp"

namespace weft::detail {

task<> follow_remote(remote_handle<void> there) {
    auto wait = [&there] { return there.get(); };
    auto end = [&there]() -> task<> {
        there.cancel();
        co_await there.join();
    };
    co_await with_cleanup(wait, end);
}

}  // namespace weft::detail
