#pragma once

#include "pipe_parallel.hpp"
#include "pipe_select.hpp"

#include <string>
#include <vector>

/// What `weft pipe` was asked to do, and doing it.
namespace weft::tool {

struct pipe_request {
    std::vector<std::string> files;  // "-" is standard input
    std::string follow;
    bool from_start = false;
    std::vector<std::string> grep;
    std::vector<std::string> regex;
    std::vector<std::string> exclude;
    bool all = false;
    bool ignore_case = false;
    bool count = false;
    bool quiet = false;
    std::string tee;
    bool append = false;
    std::size_t threads = 1;
    std::size_t processes = 0;  // 0: threads
    std::string split_by;
    std::string xml;                 // the name of the elements; empty: lines
    std::vector<std::string> where;  // KEY=VALUE
    bool json = false;

    [[nodiscard]] pipe_workers workers() const {
        return {processes != 0 ? processes : threads, processes != 0};
    }
    /// A file for each key, in place of one.
    [[nodiscard]] bool has_files_by_key() const {
        return !split_by.empty() && tee.find("{}") != std::string::npos;
    }
};

/// Exit status 0 or 1, or 128 and the number of the signal that ended the reading of standard
/// input.
[[nodiscard]] int run_pipe(const pipe_request& request, selector selected);

}  // namespace weft::tool
