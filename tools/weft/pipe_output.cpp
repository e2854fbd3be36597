#include "pipe_output.hpp"

#include <exception>
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

/// Each of the two gets it, also when the other one fails.
template <class Write>
void pipe_output::to_both(Write write) {
    std::exception_ptr failure;
    for (auto* const writer : {&tee_, &out_}) {
        try {
            if (*writer) write(**writer);
        } catch (const std::system_error&) {
            if (!failure) failure = std::current_exception();
        }
    }
    if (failure) guarded([&] { std::rethrow_exception(failure); });
}

void pipe_output::write(std::string_view line) {
    to_both([line](line_writer& to) { to.write_line(line); });
}

void pipe_output::write_lines(std::string_view text) {
    to_both([text](line_writer& to) { to.write(text); });
}

void pipe_output::flush() {
    to_both([](line_writer& to) { to.flush(); });
}

}  // namespace weft::tool
