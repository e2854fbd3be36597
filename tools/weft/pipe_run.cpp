#include "pipe_run.hpp"

#include "pipe_output.hpp"
#include "pipe_report.hpp"
#include "pipe_xml.hpp"
#include "stop_signals.hpp"

#include "weft/file/block_reader.hpp"
#include "weft/file/count_lines.hpp"
#include "weft/pipeline/follow.hpp"
#include "weft/pipeline/sinks.hpp"
#include "weft/pipeline/stages.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace weft::tool {
namespace {

void complain(const std::string& text) {
    fmt::print(stderr, "weft pipe: {}\n", text);
}

/// Whether two descriptors or paths are one regular file: then reading it would read what was
/// written.
bool is_same_file(const struct stat& a, const struct stat& b) {
    return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

class pipe_run {
public:
    pipe_run(const pipe_request& request, selector& selected)
        : request_(request),
          selected_(selected),
          report_(selected, request.count, request.quiet),
          output_(request.quiet, request.tee, request.append) {}

    int run() {
        try {
            const int status = request_.follow.empty() ? read_all() : follow_one();
            report_.make_way();
            output_.flush();
            report_.finish();
            return status;
        } catch (const output_failure& failure) {
            report_.make_way();
            complain(failure.text());
            return 1;
        }
    }

private:
    /// Whether there is no use in going on: nobody reads, and nothing else was asked for.
    [[nodiscard]] bool is_futile() const {
        return output_.closed() && !output_.has_tee() && !request_.count;
    }
    void flush() {
        report_.make_way();
        output_.flush();
    }

    int read_all() {
        int status = 0;
        for (const std::string& file : request_.files) {
            if (is_futile()) break;
            try {
                const int signal = file == "-" ? read_input() : read_file(file);
                if (signal != 0) return 128 + signal;
            } catch (const std::system_error& error) {
                flush();  // In the order of the files, on a terminal.
                complain(error.what());
                status = 1;
            }
        }
        return status;
    }

    int read_file(const std::string& path) {
        if (is_output(path))
            throw std::system_error(EDEADLK, std::generic_category(),
                                    "reading " + path + ": it is also the output");
        block_reader reader(path);
        read_blocks(reader);
        return 0;
    }

    int read_input() {
        stop_signals stop;
        block_reader reader(STDIN_FILENO, "standard input");
        reader.stop_on(stop.fd()).on_idle([&] {
            flush();
            report_.idle(false);
        });
        read_blocks(reader);
        return stop.caught();
    }

    void read_blocks(block_reader& reader) {
        reader.line_bytes_max(std::size_t{1} << 30);
        for (std::string_view block = reader.next(); !block.empty(); block = reader.next()) {
            report_.read(report_.wants_lines() ? count_lines(block) : 0, block.size());
            for (std::string_view line : selected_.pick(block)) output_.write(line);
            if (is_futile()) return;
            report_.busy();
        }
    }

    int follow_one() {
        stop_signals stop;
        try {
            auto source = follow(request_.follow).stop_on(stop.fd()).on_idle([&] {
                flush();
                // Stopped as from outside: a last line without an end is not lost for --tee.
                if (output_.closed()) ::raise(SIGTERM);
                report_.idle(true);
            });
            if (request_.from_start) source.from_start();
            follow_lines(source);
        } catch (const std::system_error& error) {
            flush();
            complain(error.what());
            return 1;
        }
        return 0;
    }

    void follow_lines(follow_source& source) {
        unsigned lines = 0;
        for (std::string_view line : source) {
            report_.read(1, line.size() + 1);
            if (selected_.passes(line)) output_.write(line);
            if (output_.closed() && !output_.has_tee()) return;
            if (++lines % 1024 == 0) report_.busy();
        }
    }

    [[nodiscard]] static bool is_output(const std::string& path) {
        struct stat in{};
        struct stat out{};
        return ::stat(path.c_str(), &in) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 &&
               is_same_file(in, out);
    }

    const pipe_request& request_;
    selector& selected_;
    pipe_report report_;
    pipe_output output_;
};

/// Which of the inputs is the file that --tee would write over; empty if none is.
std::string overwritten_input(const pipe_request& request) {
    struct stat tee{};
    if (request.tee.empty() || ::stat(request.tee.c_str(), &tee) != 0) return {};
    std::vector<std::string> inputs = request.files;
    if (!request.follow.empty()) inputs.push_back(request.follow);
    for (const std::string& input : inputs) {
        struct stat in{};
        const bool found =
            input == "-" ? ::fstat(STDIN_FILENO, &in) == 0 : ::stat(input.c_str(), &in) == 0;
        if (found && is_same_file(in, tee)) return input;
    }
    return {};
}

}  // namespace

int run_pipe(const pipe_request& request, selector selected) {
    // A reader that goes away is seen as EPIPE, at a place where the rest can still be saved.
    std::signal(SIGPIPE, SIG_IGN);
    if (const std::string input = overwritten_input(request); !input.empty()) {
        complain(fmt::format("writing {}: it is also read, as {}", request.tee,
                             input == "-" ? "standard input" : input));
        return 1;
    }
    if (!request.xml.empty()) return run_pipe_xml(request);
    try {
        return pipe_run(request, selected).run();
    } catch (const output_failure& failure) {
        complain(failure.text());
        return 1;
    } catch (const std::system_error& error) {
        complain(error.what());
        return 1;
    }
}

}  // namespace weft::tool
