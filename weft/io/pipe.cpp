#include "weft/io/pipe.hpp"

#include "weft/core/scheduler.hpp"

#include <array>
#include <system_error>

namespace weft {

task<> pipe_writer::write_all(std::string_view bytes) const {
    std::size_t written = 0;
    try {
        while (written < bytes.size()) written += co_await write_some(bytes.substr(written));
    } catch (const std::system_error& e) {
        throw write_error(e, written);
    }
}

pipe::pipe() {
    const std::array<int, 2> ends = detail::scheduler_for("pipe").world().open_pipe();
    reader = pipe_reader(ends[0]);
    writer = pipe_writer(ends[1]);
}

}  // namespace weft
