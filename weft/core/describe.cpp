#include "weft/core/describe.hpp"

#include "weft/base/unhandled.hpp"
#include "weft/core/async_backtrace.hpp"
#include "weft/core/block_extra.hpp"
#include "weft/core/options.hpp"
#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

namespace weft {

cancelled::cancelled(std::uint64_t scope, const cancel_origin& origin) noexcept
    : scope_(scope), origin_(origin) {}
child_cancelled::~child_cancelled() = default;

std::string cancel_origin::text() const {
    std::string text;
    switch (reason_) {
        case cancel_reason::request: text = "cancelled"; break;
        case cancel_reason::deadline: text = "cancelled by a deadline"; break;
        case cancel_reason::sibling_failed: text = "cancelled because another failed"; break;
        case cancel_reason::loop_ends: text = "cancelled because run() ends"; break;
        case cancel_reason::deadlock: text = "cancelled to end a deadlock"; break;
        case cancel_reason::stopped: text = "cancelled by loop::stop()"; break;
    }
    if (by_ != 0) text += " by coroutine " + std::to_string(by_ & 0xffffffff);
    if (at_ != nullptr) text += " at " + detail::describe_place(at_);
    return text;
}

namespace detail {
namespace {

const char* kind_name(block_kind k) noexcept {
    switch (k) {
        case block_kind::task: return "task";
        case block_kind::fiber: return "fiber";
        case block_kind::foreign: return "a coroutine of another library, wait";
        case block_kind::none: break;
    }
    return "coroutine";
}

const char* file_name(const char* path) noexcept {
    const char* const slash = std::strrchr(path, '/');
    return slash != nullptr ? slash + 1 : path;
}

}  // namespace

std::string describe_place(const std::source_location& where) {
    if (where.line() == 0) return "an unknown place";
    return std::string(file_name(where.file_name())) + ":" + std::to_string(where.line());
}

std::string describe_place(place where) {
    return describe_place(location_at(where));
}

std::string clean_function_name(std::string_view name) {
    constexpr std::string_view before = "void ";
    constexpr std::string_view after = ".Frame*)";
    constexpr std::string_view call = "::operator()";
    const std::size_t mangled = name.rfind("::_Z");
    if (!name.starts_with(before) || !name.ends_with(after) || mangled == name.npos)
        return std::string(name);
    // "scope::fetch(fetch(int)": the full name, and the signature, which may lack the namespace.
    const std::string_view both = name.substr(before.size(), mangled - before.size());
    for (std::size_t p = both.find('('); p != both.npos; p = both.find('(', p + 1)) {
        const std::string_view full = both.substr(0, p);
        const std::string_view signature = both.substr(p + 1);
        if (full.ends_with(call) && full.substr(0, full.size() - call.size()) == signature)
            return std::string(signature);  // of a lambda
        const std::size_t own = signature.substr(0, signature.find_first_of("(<")).size();
        if (own > 0 && full.ends_with(signature.substr(0, own)))
            return std::string(full.substr(0, p - own)) + std::string(signature);
        if (signature.starts_with(full)) return std::string(signature);
    }
    return std::string(name);
}

std::string describe_frame(const std::source_location& where) {
    std::string text = describe_place(where);
    if (*where.function_name() != '\0') text += " in " + clean_function_name(where.function_name());
    return text;
}

std::string describe(const control_block& b) {
    std::string text = std::string(kind_name(b.kind)) + " " + std::to_string(b.number);
    if (b.name != nullptr) text += " '" + std::string(b.name) + "'";
    if (b.spawned_at != nullptr) text += ", spawned at " + describe_place(b.spawned_at);
    return text;
}

namespace {
/// "1.5 s".
std::string describe_span(clock::duration d) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
    return text;
}
}  // namespace

std::string describe_waits(scheduler& home, waits_text with) {
    constexpr std::size_t most = 100;
    std::string text;
    std::size_t n = 0;
    home.blocks().each([&](control_block& b) {
        if (b.ended() || ++n > most) return;
        text += "\n- " + describe(b);
        if (b.wait != nullptr) {
            text += ", waits for " + std::string(b.wait->kind->what);
            if (with == waits_text::times) text += ", for " + describe_span(home.now() - b.since);
        } else if (with == waits_text::times) {
            text += ", waits for nothing: it runs on, though it is cancelled";
        }
        const async_backtrace chain = backtrace_of(b);
        for (const auto& at : chain.frames())
            if (place_of(at) != b.spawned_at) text += "\n    at " + describe_frame(at);
    });
    if (n > most) text += "\n- and " + std::to_string(n - most) + " more";
    return text;
}

std::size_t name_for_overflow(const void* block, char* buffer, std::size_t bytes) noexcept {
    const auto& b = *static_cast<const control_block*>(block);
    const int n =
        std::snprintf(buffer, bytes, "fiber %u%s%s%s", b.number, b.name != nullptr ? " '" : "",
                      b.name != nullptr ? b.name : "", b.name != nullptr ? "'" : "");
    return std::min(n < 0 ? 0 : static_cast<std::size_t>(n), bytes - 1);
}

namespace {
/// Never destroyed: coroutines may end while static objects are.
std::mutex& names() {
    static auto* const the = new std::mutex;
    return *the;
}
}  // namespace

void set_block_name(control_block& b, std::string_view text) {
    const std::lock_guard lock(names());
    block_extra& extra = extra_of(b);
    extra.name = text;
    b.name = extra.name.c_str();
}

void forget_extra(control_block& b) noexcept {
    if (b.name == nullptr) {
        delete std::exchange(b.extra, nullptr);
        return;
    }
    const std::lock_guard lock(names());
    b.name = nullptr;
    delete std::exchange(b.extra, nullptr);
}

void describe_slow(const options& how, const watched_loop& loop,
                   std::chrono::nanoseconds kept) noexcept {
    const control_block* const b = loop.current.load(std::memory_order_acquire);
    if (b == nullptr) return;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(kept).count();
    std::string who;
    {
        const std::lock_guard lock(names());
        control_block seen;
        seen.kind = observe(b->kind);
        seen.number = observe(b->number);
        seen.spawned_at = observe(b->spawned_at);
        seen.name = b->name;
        if (seen.kind == block_kind::none) return;  // it has just ended
        who = describe(seen);
    }
    const std::string text =
        "weft: " + who + " has kept its thread for " + std::to_string(ms) +
        " ms: nothing else on this loop can run. Let it await yield_now() now and then, or give "
        "the work to another thread";
    if (how.on_slow())
        how.on_slow()(text);
    else
        std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace detail
}  // namespace weft
