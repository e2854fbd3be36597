#include "weft/machine/stack_guard.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

namespace weft {
namespace {

constexpr int madv_guard_install = 102;  // not in the headers before Linux 6.13

constexpr std::array kinds = {stack_guard::install, stack_guard::mprotect, stack_guard::canary};

// -1: nothing is forced.
std::atomic<int> forced_kind{-1};
std::atomic<std::size_t> forced_max{0};

// How many stacks have a guard of each kind; written when one is cut.
std::array<std::atomic<std::size_t>, kinds.size()> placed{};

/// The advice may be accepted and ignored, as by qemu-user 7.2: so the page is written to as well,
/// by the kernel, which reports the fault instead of raising a signal.
bool try_install() noexcept {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const memory =
        ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    const bool works = ::madvise(memory, page, madv_guard_install) == 0 &&
                       ::getrandom(memory, 1, GRND_NONBLOCK) < 0 && errno == EFAULT;
    ::munmap(memory, page);
    return works;
}

stack_guard chosen_kind() noexcept {
    if (const char* const wanted = std::getenv("WEFT_STACK_GUARD"); wanted != nullptr)
        for (const stack_guard kind : kinds)
            if (std::string_view(wanted) == name_of(kind)) return kind;
    return kernel_installs_guards() ? stack_guard::install : stack_guard::mprotect;
}

std::size_t chosen_max() noexcept {
    if (const char* const wanted = std::getenv("WEFT_STACK_GUARDS_MAX"); wanted != nullptr)
        return std::strtoull(wanted, nullptr, 10);
    return default_mprotect_guards_max;
}

}  // namespace

const char* name_of(stack_guard kind) noexcept {
    switch (kind) {
        case stack_guard::install: return "install";
        case stack_guard::mprotect: return "mprotect";
        case stack_guard::canary: return "canary";
    }
    return "";
}

bool kernel_installs_guards() noexcept {
    static const bool works = try_install();
    return works;
}

stack_guard stack_guard_in_force() noexcept {
    if (const int forced = forced_kind.load(std::memory_order_relaxed); forced >= 0)
        return static_cast<stack_guard>(forced);
    static const stack_guard kind = chosen_kind();
    detail::known_guard_kind.store(static_cast<int>(kind), std::memory_order_relaxed);
    return kind;
}

std::size_t mprotect_guards_max() noexcept {
    if (forced_kind.load(std::memory_order_relaxed) >= 0)
        return forced_max.load(std::memory_order_relaxed);
    static const std::size_t most = chosen_max();
    return most;
}

namespace detail {

std::atomic<int> known_guard_kind{-1};

void force_stack_guard(std::optional<stack_guard> kind, std::size_t guards_max) noexcept {
    forced_max.store(guards_max, std::memory_order_relaxed);
    forced_kind.store(kind ? static_cast<int>(*kind) : -1, std::memory_order_relaxed);
    known_guard_kind.store(kind ? static_cast<int>(*kind) : -1, std::memory_order_relaxed);
}

stack_guard place_guard(stack_guard kind, void* pages, std::size_t bytes) noexcept {
    const auto count = [](stack_guard which) -> std::atomic<std::size_t>& {
        return placed[static_cast<std::size_t>(which)];
    };
    // Memory that is locked (mlockall) takes no guard of this kind.
    if (kind == stack_guard::install) {
        if (::madvise(pages, bytes, madv_guard_install) == 0) {
            count(kind).fetch_add(1, std::memory_order_relaxed);
            return kind;
        }
        kind = stack_guard::mprotect;
    }
    if (kind == stack_guard::mprotect) {
        auto& guards = count(kind);
        if (guards.fetch_add(1, std::memory_order_relaxed) < mprotect_guards_max() &&
            ::mprotect(pages, bytes, PROT_NONE) == 0)
            return kind;
        guards.fetch_sub(1, std::memory_order_relaxed);
    }
    count(stack_guard::canary).fetch_add(1, std::memory_order_relaxed);
    return stack_guard::canary;
}

guards_placed count_guards() noexcept {
    const auto of = [](stack_guard kind) {
        return placed[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
    };
    return {of(stack_guard::install), of(stack_guard::mprotect), of(stack_guard::canary)};
}

}  // namespace detail
}  // namespace weft
