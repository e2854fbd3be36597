#include "open_files.hpp"

#include <sys/resource.h>

namespace weft::tool {

std::uint64_t raise_open_files() noexcept {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    if (files.rlim_cur == files.rlim_max) return files.rlim_cur;
    rlimit raised = files;
    raised.rlim_cur = raised.rlim_max;
    // RLIM_INFINITY may be more than the kernel takes (fs.nr_open): then it stays as it is.
    return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : files.rlim_cur;
}

}  // namespace weft::tool
