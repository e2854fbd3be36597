// What weft doctor says of the build and of the library itself.

#include "doctor_findings.hpp"

#include "weft/machine/sanitizer.hpp"
#include "weft/weft.hpp"

#include <fmt/core.h>

namespace weft::tool {
namespace {

std::string compiler() {
#if defined(__clang__)
    return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string sanitizers() {
    if (WEFT_ASAN) return "AddressSanitizer";
    return WEFT_TSAN ? "ThreadSanitizer" : "";
}

}  // namespace

finding look_at_build() {
    const std::string text =
        fmt::format("weft {}, {}, {}: {}", version, compiler(), WEFT_BUILD_TYPE, WEFT_BUILD_FLAGS);
#ifdef NDEBUG
    return {.name = "build", .text = text};
#else
    return {.how = severity::note,
            .name = "build",
            .text = text,
            .remedy = "a debug build, many times slower: cmake --preset release for figures"};
#endif
}

finding look_at_sanitizers() {
    const std::string names = sanitizers();
    if (names.empty()) return {.name = "sanitizers", .text = "none"};
    return {.how = severity::note,
            .name = "sanitizers",
            .text = names,
            .remedy = "times and memory are not those of a release build"};
}

finding look_at_frame_pool() {
    // The pool makes its first slab when the first frame is asked for.
    deallocate_frame(allocate_frame(1));
    const frame_pool_statistics pool = frame_pool_stats();
    return {.name = "frame pool",
            .text =
                fmt::format("classes of {} to {} bytes, {} free frames a class and thread, slabs "
                            "{} KiB",
                            frame_alignment, frame_pool_class_max, frame_pool_cache_max,
                            pool.slab_bytes / 1024)};
}

}  // namespace weft::tool
