#include "pipe_split.hpp"

#include "figures.hpp"

#include "weft/base/error.hpp"
#include "weft/file/line_writer.hpp"
#include "weft/pipeline/fan_out.hpp"
#include "weft/pipeline/forked.hpp"
#include "weft/pipeline/threaded.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <list>
#include <regex.h>
#include <set>
#include <sys/stat.h>
#include <system_error>

namespace weft::tool {
namespace {

using keyed_line = split_output::keyed_line;

/// Raised in every writer: hand it to the kernel. Where it comes from another process it has
/// become a `forked_error`.
class flush_now : public std::exception {};

/// The files of some of the keys. A bounded number of them is open; who was closed is appended to.
class key_files {
public:
    key_files(std::string pattern, bool append, const std::vector<std::string>& inputs)
        : pattern_(std::move(pattern)), append_(append) {
        for (const std::string& input : inputs) {
            struct stat facts{};
            if (input != "-" && ::stat(input.c_str(), &facts) == 0)
                inputs_.emplace(facts.st_dev, facts.st_ino);
        }
    }
    void write(const keyed_line& line) { file_of(line.first).write_line(line.second); }
    void flush() {
        for (auto& [name, file] : open_) file.flush();
    }

private:
    static constexpr std::size_t open_max = 64;

    line_writer& file_of(const std::string& key) {
        std::string name = name_for_key(pattern_, key);
        const auto found = std::ranges::find(open_, name, [](auto& one) { return one.first; });
        if (found != open_.end()) {
            open_.splice(open_.begin(), open_, found);
            return open_.front().second;
        }
        struct stat facts{};
        if (::stat(name.c_str(), &facts) == 0 && inputs_.contains({facts.st_dev, facts.st_ino}))
            throw std::system_error(EDEADLK, std::generic_category(),
                                    "writing " + name + ": it is also read");
        if (open_.size() == open_max) {
            open_.back().second.flush();
            open_.pop_back();
        }
        const bool goes_on = append_ || begun_.contains(name);
        line_writer file(name, goes_on ? line_writer::mode::append : line_writer::mode::truncate);
        begun_.insert(name);
        open_.emplace_front(std::move(name), std::move(file));
        return open_.front().second;
    }

    std::string pattern_;
    bool append_;
    std::set<std::pair<dev_t, ino_t>> inputs_;
    std::list<std::pair<std::string, line_writer>> open_;  // the last used in front
    std::set<std::string> begun_;
};

consumer<keyed_line> write_files(std::string pattern, bool append,
                                 std::vector<std::string> inputs) {
    key_files files(std::move(pattern), append, inputs);
    try {
        for (;;) {
            try {
                const keyed_line line = co_await receive;
                files.write(line);
            } catch (const flush_now&) {
                files.flush();
            } catch (const forked_error& e) {
                if (e.type().find("flush_now") == std::string::npos) throw;
                files.flush();
            }
        }
    } catch (const generator_exit&) {
        files.flush();
    }
}

const std::string& key_of(const keyed_line& line) {
    return line.first;
}

consumer<keyed_line> make_files(const std::string& pattern, bool append,
                                const std::vector<std::string>& inputs, pipe_workers workers) {
    if (workers.count == 1) return write_files(pattern, append, inputs);
    return fan_out(workers.count, key_of, [&] {
        return workers.processes ? forked(write_files, pattern, append, inputs)
                                 : threaded(write_files(pattern, append, inputs));
    });
}

}  // namespace

line_key::line_key(const std::string& what) {
    const char* const end = what.data() + what.size();
    const auto [stop, error] = std::from_chars(what.data(), end, field_);
    if (error == std::errc() && stop == end) {
        if (field_ == 0) throw usage_error("--split-by 0: the first field has number 1");
        return;
    }
    field_ = 0;
    auto compiled = std::make_unique<regex_t>();
    if (const int fault = ::regcomp(compiled.get(), what.c_str(), REG_EXTENDED); fault != 0) {
        std::array<char, 200> text{};
        ::regerror(fault, compiled.get(), text.data(), text.size());
        throw usage_error("--split-by '" + what + "': " + text.data());
    }
    expression_ = std::shared_ptr<regex_t>(compiled.release(), [](regex_t* expression) {
        ::regfree(expression);
        std::unique_ptr<regex_t> gone(expression);
    });
}

std::string_view line_key::of(std::string_view line) const {
    if (expression_) {
        std::array<regmatch_t, 2> found{};
        found[0].rm_eo = static_cast<regoff_t>(line.size());
        const auto* const expression = static_cast<const regex_t*>(expression_.get());
        if (::regexec(expression, line.data(), 2, found.data(), REG_STARTEND) != 0) return {};
        const regmatch_t& key = found[1].rm_so >= 0 ? found[1] : found[0];
        return line.substr(static_cast<std::size_t>(key.rm_so),
                           static_cast<std::size_t>(key.rm_eo - key.rm_so));
    }
    constexpr std::string_view blanks = " \t\r";
    std::size_t at = line.find_first_not_of(blanks);
    for (std::size_t n = 1; n < field_ && at != line.npos; ++n)
        at = line.find_first_not_of(blanks, std::min(line.find_first_of(blanks, at), line.size()));
    if (at == line.npos) return {};
    return line.substr(at, line.find_first_of(blanks, at) - at);
}

std::string name_for_key(const std::string& pattern, std::string_view key) {
    constexpr std::size_t bytes_max = 200;  // of the 255 that a name may have
    std::string part(key.empty() ? "none" : key.substr(0, bytes_max));
    for (char& c : part)
        if (c == '/' || c == '\0' || c == '\n') c = '_';
    if (part.front() == '.') part.front() = '_';
    std::string name = pattern;
    return name.replace(name.find("{}"), 2, part);
}

split_output::split_output(const std::string& what, const std::string& pattern, bool append,
                           const std::vector<std::string>& inputs, pipe_workers workers)
    : key_(what) {
    if (pattern.find("{}") == std::string::npos) return;
    files_.emplace(make_files(pattern, append, inputs, workers));
}

void split_output::write(std::string_view line) {
    const std::string_view key = key_.of(line);
    auto found = counts_.find(key);
    if (found == counts_.end()) found = counts_.emplace(key, 0).first;
    ++found->second;
    if (files_) files_->send(keyed_line(key, line));
}

void split_output::flush() {
    if (files_) files_->throw_(flush_now());
}

void split_output::close() {
    if (files_) files_->close();
}

std::string split_output::table() const {
    std::vector<std::pair<std::string, std::uint64_t>> keys(counts_.begin(), counts_.end());
    std::ranges::stable_sort(keys, std::ranges::greater(), [](auto& one) { return one.second; });
    const std::size_t width = keys.empty() ? 0 : with_commas(keys.front().second).size();
    std::string text;
    for (const auto& [key, lines] : keys)
        text +=
            fmt::format("{:>{}}  {}\n", with_commas(lines), width, key.empty() ? "(no key)" : key);
    return text;
}

}  // namespace weft::tool
