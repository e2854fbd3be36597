#pragma once

#include <string>
#include <vector>

/// What `weft doctor` looks at: this build, and what this system offers of what weft uses or will
/// use.
namespace weft::tool {

enum class severity {
    ok,
    note,     ///< works, with something to know
    problem,  ///< a part of weft does not work here
};

struct finding {
    severity how = severity::ok;
    std::string name;
    std::string text;
    std::string remedy = {};  ///< what to do about it; for notes and problems
};

[[nodiscard]] finding look_at_build();
[[nodiscard]] finding look_at_sanitizers();
[[nodiscard]] finding look_at_kernel();
[[nodiscard]] finding look_at_cores();
[[nodiscard]] finding look_at_page_size();
[[nodiscard]] finding look_at_vectors();
[[nodiscard]] finding look_at_frame_pool();
[[nodiscard]] finding look_at_inotify();
[[nodiscard]] finding look_at_open_files();
[[nodiscard]] finding look_at_mappings();
[[nodiscard]] finding look_at_stacks();
[[nodiscard]] finding look_at_driver();
[[nodiscard]] finding look_at_io_uring();

}  // namespace weft::tool
