#include "pipe_run.hpp"

#include "pipe_output.hpp"
#include "pipe_report.hpp"
#include "pipe_split.hpp"
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
#include <optional>
#include <poll.h>
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
          output_(request.quiet, request.has_files_by_key() ? std::string() : request.tee,
                  request.append),
          parallel_(selected, request.workers(), report_.wants_lines()) {
        if (request.split_by.empty()) return;
        std::vector<std::string> inputs = request.files;
        if (!request.follow.empty()) inputs.push_back(request.follow);
        split_.emplace(request.split_by, request.tee, request.append, inputs, request.workers());
    }

    int run() {
        try {
            const int status = request_.follow.empty() ? read_all() : follow_one();
            report_.make_way();
            output_.flush();
            close_split();
            report_.finish();
            if (split_ && request_.count)
                fmt::print(request_.quiet ? stdout : stderr, "{}", split_->table());
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
        return output_.closed() && !has_tee() && !request_.count;
    }
    [[nodiscard]] bool has_tee() const { return output_.has_tee() || request_.has_files_by_key(); }
    void flush() {
        report_.make_way();
        output_.flush();
        to_split([](split_output& split) { split.flush(); });
    }
    /// Its errors are of an output, too.
    template <class Function>
    void to_split(Function function) {
        if (!split_) return;
        try {
            function(*split_);
        } catch (const std::exception& error) {
            throw output_failure(error.what());
        }
    }
    void close_split() {
        to_split([](split_output& split) { split.close(); });
    }
    void write(std::string_view line) {
        output_.write(line);
        to_split([line](split_output& split) { split.write(line); });
    }
    /// What workers have found. False when there is no use in going on.
    bool take(const found_lines& found) {
        report_.read(found.lines, found.bytes);
        selected_.add_counts(found.passed, found.tallies);
        output_.write_lines(found.text);
        to_split([&](split_output& split) {
            const std::string_view text = found.text;
            for (std::size_t at = 0; at < text.size();) {
                const std::size_t end = text.find('\n', at);
                split.write(text.substr(at, end - at));
                at = end + 1;
            }
        });
        report_.busy();
        return !is_futile();
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
        if (parallel_.is_for(path)) {
            parallel_.file(path, [this](const found_lines& found) { return take(found); });
            return 0;
        }
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
        if (request_.workers().count > 1)
            read_blocks_together(reader);
        else
            read_blocks(reader);
        return stop.caught();
    }

    void read_blocks(block_reader& reader) {
        reader.line_bytes_max(pipe_line_bytes_max);
        for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
            if (!search(block)) return;
    }
    /// False when there is no use in going on.
    bool search(std::string_view block) {
        report_.read(report_.wants_lines() ? count_lines(block) : 0, block.size());
        for (std::string_view line : selected_.pick(block)) write(line);
        report_.busy();
        return !is_futile();
    }

    /// Standard input: as long as there is more at once, for the workers; what comes alone is
    /// searched here, so that it need not wait for company.
    void read_blocks_together(block_reader& reader) {
        reader.line_bytes_max(pipe_line_bytes_max);
        for (;;) {
            const std::string_view block = reader.next();
            if (block.empty()) return;
            if (!has_more_input()) {
                if (!search(block)) return;
                continue;
            }
            parallel_.blocks(blocks_at_hand(std::string(block), reader),
                             [this](const found_lines& found) { return take(found); });
            if (is_futile()) return;
        }
    }
    static generator<std::string> blocks_at_hand(std::string first, block_reader& reader) {
        co_yield std::move(first);
        while (has_more_input()) {
            std::string block(reader.next());
            if (block.empty()) co_return;
            co_yield std::move(block);
        }
    }
    [[nodiscard]] static bool has_more_input() {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        return ::poll(&input, 1, 0) == 1;
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
            if (selected_.passes(line)) write(line);
            if (output_.closed() && !has_tee()) return;
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
    parallel_search parallel_;
    std::optional<split_output> split_;
};

/// Which of the inputs is the file that --tee would write over; empty if none is.
std::string overwritten_input(const pipe_request& request) {
    struct stat tee{};
    if (request.tee.empty() || request.has_files_by_key() || ::stat(request.tee.c_str(), &tee) != 0)
        return {};
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
