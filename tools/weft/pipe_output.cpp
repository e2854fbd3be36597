#include "pipe_output.hpp"

#include <system_error>
#include <unistd.h>

namespace weft::tool {
namespace {

template <class Function>
void guarded(Function function) {
    try {
        function();
    } catch (const std::system_error& error) {
        throw output_failure(error.what());
    }
}

}  // namespace

pipe_output::pipe_output(bool quiet, const std::string& tee, bool append) {
    if (!quiet) out_.emplace(STDOUT_FILENO, "standard output");
    if (tee.empty()) return;
    const auto how = append ? line_writer::mode::append : line_writer::mode::truncate;
    guarded([&] { tee_.emplace(tee, how); });
}

pipe_output::~pipe_output() {
    // One output's failure does not cost the other its lines.
    for (auto* const writer : {&tee_, &out_}) {
        try {
            if (*writer) (*writer)->flush();
        } catch (const std::system_error&) {  // See the declaration.
        }
    }
}

void pipe_output::write(std::string_view line) {
    guarded([&] {
        // The file first: it gets its line even when the terminal or the pipe fails.
        if (tee_) tee_->write_line(line);
        if (out_) out_->write_line(line);
    });
}

void pipe_output::flush() {
    guarded([&] {
        if (tee_) tee_->flush();
        if (out_) out_->flush();
    });
}

}  // namespace weft::tool
