#include "pipe_xml.hpp"

#include <fmt/core.h>

#ifdef WEFT_HAS_XML

#include "figures.hpp"
#include "pipe_output.hpp"
#include "stop_signals.hpp"
#include "terminal.hpp"

#include "weft/pipeline/sinks.hpp"
#include "weft/xml/records.hpp"
#include "weft/xml/xml_parse.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace weft::tool {
namespace {

using clock = std::chrono::steady_clock;
using record = const xml_record&;

/// A signal asked it to stop. Not a `std::exception`, so that nobody takes it for an error.
struct stopped {};

void complain(const std::string& text) {
    fmt::print(stderr, "weft pipe: {}\n", text);
}

/// In one line: what would end a field or the line is written as in C.
std::string as_text(record one) {
    std::string line;
    const auto add = [&line](std::string_view text) {
        for (const char c : text) {
            if (c == '\t')
                line += "\\t";
            else if (c == '\n')
                line += "\\n";
            else if (c == '\r')
                line += "\\r";
            else if (c == '\\')
                line += "\\\\";
            else
                line += c;
        }
    };
    for (const xml_field field : one) {
        if (!line.empty()) line += '\t';
        add(field.name());
        line += '=';
        add(field.text());
    }
    return line;
}

/// An object; fields of one name are an array.
std::string as_json(record one) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const xml_field field : one) {
        const std::string name(field.name());
        const std::string text(field.text());
        const auto before = object.find(name);
        if (before == object.end())
            object[name] = text;
        else if (before->is_array())
            before->push_back(text);
        else
            *before = {*before, text};
    }
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// What is shown while it runs and at its end, as `pipe_report` does it for lines.
class xml_report {
public:
    xml_report(bool counts, bool quiet)
        : counts_(counts), quiet_(quiet), terminal_(is_terminal(stderr)) {}

    void read(std::size_t bytes) {
        bytes_ += bytes;
        const clock::time_point now = clock::now();
        if (!counts_ || !terminal_ || now - shown_at_ < std::chrono::milliseconds(100)) return;
        shown_at_ = now;
        live_.show(fmt::format("{} records, {} matched", with_commas(found), with_commas(passed)));
    }
    void make_way() { live_.clear(); }
    void finish() {
        make_way();
        const std::chrono::duration<double> took = clock::now() - begin_;
        const auto bytes = static_cast<double>(bytes_);
        const std::string totals = fmt::format(
            "{} records, {} in {:.2f} s, {:.1f} MB/s", with_commas(found), readable_bytes(bytes),
            took.count(), bytes / 1e6 / std::max(took.count(), 1e-9));
        if (counts_) {
            const std::size_t width = with_commas(found).size();
            fmt::print(quiet_ ? stdout : stderr, "{:>{}}  matched\n{}\n", with_commas(passed),
                       width,
                       fmt::format("{}  {}", totals.substr(0, width), totals.substr(width + 1)));
            if (quiet_ && std::fflush(stdout) != 0 && errno != EPIPE)
                throw std::system_error(errno, std::generic_category(), "writing standard output");
        } else if (terminal_) {
            fmt::print(stderr, "{}\n", painter(stderr)(style::dim, totals));
        }
    }

    std::uint64_t found = 0;
    std::uint64_t passed = 0;

private:
    bool counts_;
    bool quiet_;
    bool terminal_;
    progress_line live_;
    std::uint64_t bytes_ = 0;
    clock::time_point begin_ = clock::now();
    clock::time_point shown_at_{};
};

class xml_run {
public:
    explicit xml_run(const pipe_request& request)
        : request_(request),
          report_(request.count, request.quiet),
          output_(request.quiet, request.tee, request.append) {}

    int run() {
        int status = 0;
        for (const std::string& file : request_.files) {
            if (is_futile()) break;
            try {
                const int signal = file == "-" ? read_input() : (read_file(file), 0);
                if (signal != 0) status = 128 + signal;
            } catch (const std::exception& error) {
                flush();  // In the order of the files, on a terminal.
                complain(error.what());
                status = 1;
            }
            if (status > 128) break;
        }
        flush();
        report_.finish();
        return status;
    }

private:
    /// Counts what is read, and waits for it where waiting can be ended.
    class counted_reader final : public xml_source::reader {
    public:
        counted_reader(xml_run& of, xml_source from, int stop)
            : of_(of), from_(std::move(from)), stop_(stop) {}
        std::size_t read(char* into, std::size_t n) override {
            if (stop_ >= 0) wait();
            const std::size_t size = from_.read(into, n);
            of_.report_.read(size);
            return size;
        }

    private:
        void wait() {
            pollfd both[] = {{stop_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
            if (::poll(both, 2, 0) == 0) {
                of_.flush();
                while (::poll(both, 2, -1) < 0 && errno == EINTR) {}
            }
            if (both[0].revents != 0) throw stopped{};
        }

        xml_run& of_;
        xml_source from_;
        int stop_;
    };

    [[nodiscard]] bool is_futile() const {
        return output_.closed() && !output_.has_tee() && !request_.count;
    }
    void flush() {
        report_.make_way();
        output_.flush();
    }

    consumer<record> write_lines() {
        for (;;) {
            record one = co_await receive;
            ++report_.passed;
            output_.write(request_.json ? as_json(one) : as_text(one));
            if (is_futile()) co_return;
        }
    }

    void read(xml_source from, int stop) {
        const std::string name = from.name();
        const auto chosen = [this](record one) {
            ++report_.found;
            return std::ranges::all_of(request_.where, [&](const std::string& condition) {
                const std::size_t equal = condition.find('=');
                return std::ranges::find(one, xml_field(condition.substr(0, equal),
                                                        condition.substr(equal + 1))) != one.end();
            });
        };
        auto records_chosen = records(request_.xml) | filter(chosen) | write_lines();
        xml_parse(xml_source(std::make_unique<counted_reader>(*this, std::move(from), stop), name),
                  std::move(records_chosen), xml_options().skip_blank_text().text_with_end());
    }
    void read_file(const std::string& path) { read(xml_file(path), -1); }
    int read_input() {
        stop_signals stop;
        try {
            read(xml_file(unique_fd(::dup(STDIN_FILENO)), "standard input"), stop.fd());
        } catch (const stopped&) {
            return stop.caught();
        }
        return 0;
    }

    const pipe_request& request_;
    xml_report report_;
    pipe_output output_;
};

}  // namespace

int run_pipe_xml(const pipe_request& request) {
    // A reader that goes away is seen as EPIPE, at a place where the rest can still be saved.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return xml_run(request).run();
    } catch (const output_failure& failure) {
        complain(failure.text());
    } catch (const std::exception& error) {
        complain(error.what());
    }
    return 1;
}

}  // namespace weft::tool

#else

namespace weft::tool {

int run_pipe_xml(const pipe_request&) {
    fmt::print(stderr, "weft pipe: --xml needs Expat, which was not there when this was built\n");
    return 1;
}

}  // namespace weft::tool

#endif

namespace weft::tool {

std::string xml_usage_fault(const pipe_request& request) {
    if (request.xml.empty()) {
        if (!request.where.empty()) return "--where belongs to --xml ELEMENT";
        if (request.json) return "--json belongs to --xml ELEMENT";
        return {};
    }
    if (!request.grep.empty() || !request.regex.empty() || !request.exclude.empty())
        return "--xml chooses by --where KEY=VALUE; patterns are for lines";
    if (!request.follow.empty()) return "--xml reads whole documents; --follow is for lines";
    if (request.threads != 1 || request.processes != 0 || !request.split_by.empty())
        return "--threads, --processes and --split-by are for lines; --xml reads by one thread";
    if (request.threads != 1 || request.processes != 0 || !request.split_by.empty())
        return "--xml reads one document after the other: --threads, --processes and --split-by "
               "are for lines";
    if (request.ignore_case) return "--ignore-case belongs to patterns, which are for lines";
    for (const std::string& condition : request.where)
        if (const std::size_t equal = condition.find('='); equal == 0 || equal == condition.npos)
            return "--where takes KEY=VALUE, not " + condition;
    return {};
}

}  // namespace weft::tool
