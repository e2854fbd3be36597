// What weft doctor says of this system. Whatever can be tried is tried, not concluded from a
// version.

#include "doctor_findings.hpp"

#include "weft/io/driver_uring.hpp"
#include "weft/weft.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace weft::tool {
namespace {

/// A number of /proc/sys, or -1.
long setting(const char* path) {
    long value = -1;
    std::ifstream(path) >> value;
    return value;
}

std::string limit(rlim_t value) {
    return value == RLIM_INFINITY ? "no limit" : fmt::format("{}", value);
}

}  // namespace

finding look_at_kernel() {
    utsname name{};
    uname(&name);
    return {.name = "kernel",
            .text = fmt::format("{} {} {}", name.sysname, name.release, name.machine)};
}

finding look_at_cores() {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (sched_getaffinity(0, sizeof usable, &usable) != 0)
        return {.name = "cores", .text = fmt::format("{}", online)};
    return {.name = "cores",
            .text = fmt::format("{} online, {} for this process", online, CPU_COUNT(&usable))};
}

finding look_at_page_size() {
    const long bytes = sysconf(_SC_PAGESIZE);
    return {.name = "page size", .text = fmt::format("{} bytes", bytes)};
}

finding look_at_vectors() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return {.name = "AVX2", .text = "there: searches compare 32 bytes at a time"};
    return {.how = severity::note,
            .name = "AVX2",
            .text = "not on this processor",
            .remedy = "nothing to do: searches compare 16 bytes at a time"};
#else
    return {.name = "AVX2", .text = "not of this architecture"};
#endif
}

finding look_at_inotify() {
    const long watches = setting("/proc/sys/fs/inotify/max_user_watches");
    const long instances = setting("/proc/sys/fs/inotify/max_user_instances");
    const std::string limits =
        fmt::format("{} watches and {} instances a user", watches, instances);
    const int fd = inotify_init1(IN_CLOEXEC);
    if (fd < 0)
        return {.how = severity::problem,
                .name = "inotify",
                .text = fmt::format("{} ({})", std::strerror(errno), limits),
                .remedy = "follow() cannot watch files: sysctl fs.inotify.max_user_instances=1024"};
    close(fd);
    if (watches < 8192)
        return {.how = severity::note,
                .name = "inotify",
                .text = limits,
                .remedy = "few for a tree of logs: sysctl fs.inotify.max_user_watches=65536"};
    return {.name = "inotify", .text = limits};
}

finding look_at_open_files() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    const std::string text =
        fmt::format("{} now, {} at most", limit(files.rlim_cur), limit(files.rlim_max));
    if (files.rlim_cur >= 4096) return {.name = "open files", .text = text};
    return {.how = severity::note,
            .name = "open files",
            .text = text,
            .remedy = "few for a server: ulimit -n 65536 (or what is the most)"};
}

finding look_at_mappings() {
    const long most = setting("/proc/sys/vm/max_map_count");
    const std::string text = fmt::format("vm.max_map_count is {}", most);
    if (stack_guard_in_force() != stack_guard::mprotect)
        return {.name = "mappings", .text = text + "; bounds no stacks here"};
    // A guard of mprotect splits the mapping around it.
    const auto guards = static_cast<long>(mprotect_guards_max());
    if (2 * guards < most - 1024)
        return {.name = "mappings",
                .text = fmt::format("{}; enough for the guards of {} stacks", text, guards)};
    return {.how = severity::problem,
            .name = "mappings",
            .text = fmt::format("{}; the guards of {} stacks need {}", text, guards, 2 * guards),
            .remedy = fmt::format("sysctl vm.max_map_count={}, or a lower WEFT_STACK_GUARDS_MAX",
                                  4 * guards)};
}

finding look_at_stacks() {
    const stack_guard kind = stack_guard_in_force();
    const std::string sizes = fmt::format("{} KiB with a guard of {} KiB",
                                          default_stack_bytes / 1024, default_guard_bytes / 1024);
    if (kind == stack_guard::install)
        return {.name = "stacks", .text = sizes + ", by MADV_GUARD_INSTALL: any number of them"};
    const std::string remedy = kernel_installs_guards()
                                   ? "unset WEFT_STACK_GUARD: this kernel has MADV_GUARD_INSTALL"
                                   : "Linux 6.13 guards a million of them (MADV_GUARD_INSTALL)";
    if (kind == stack_guard::canary)
        return {.how = severity::note,
                .name = "stacks",
                .text = sizes + " without protection: an overflow is seen at the next switch away",
                .remedy = remedy};
    return {.how = severity::note,
            .name = "stacks",
            .text = fmt::format("{}, by mprotect for the first {} stacks; for the rest an overflow "
                                "is seen at the next switch away",
                                sizes, mprotect_guards_max()),
            .remedy = remedy};
}

finding look_at_driver() {
    const char* const wanted = std::getenv("WEFT_DRIVER");
    try {
        const std::string name = make_driver()->name();
        if (wanted != nullptr && *wanted != '\0')
            return {.name = "driver", .text = name + ", as WEFT_DRIVER asks"};
        return {.name = "driver",
                .text = name + ", the default: io_uring has not been measured to be faster"};
    } catch (const std::exception& e) {
        return {.how = severity::problem,
                .name = "driver",
                .text = e.what(),
                .remedy = "no loop can run: unset WEFT_DRIVER"};
    }
}

finding look_at_io_uring() {
    if (is_possible(driver_kind::io_uring))
        return {.name = "io_uring", .text = "works; WEFT_DRIVER=io_uring chooses it"};
    return {.how = severity::note,
            .name = "io_uring",
            .text = why_no_io_uring(),
            .remedy = "nothing to do: epoll serves"};
}

}  // namespace weft::tool
