#include "weft/machine/stack_overflow.hpp"

#include "weft/machine/stack.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <system_error>
#include <ucontext.h>
#include <unistd.h>

namespace weft {
namespace detail {

fixed_text& fixed_text::operator<<(std::string_view text) noexcept {
    const std::size_t n = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), n);
    size_ += n;
    return *this;
}

fixed_text& fixed_text::append(std::uintptr_t number, unsigned base) noexcept {
    std::array<char, 20> digits;
    std::size_t first = digits.size();
    do {
        digits[--first] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    return *this << std::string_view(digits.data() + first, digits.size() - first);
}

}  // namespace detail

namespace {

using detail::fixed_text;
using detail::stack_slot;

struct sigaction previous;  // written before our handler is installed

void write_to_stderr(const fixed_text& text) noexcept {
    std::string_view left = text.view();
    while (!left.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, left.data(), left.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(written));
    }
}

fixed_text& operator<<(fixed_text& text, const stack_slot& slot) noexcept {
    if (!slot.in_use.load(std::memory_order_relaxed)) return text << "a stack that is not in use";
    if (slot.namer == nullptr) return text << "a stack without a name";
    text.append_by(
        [&](char* buffer, std::size_t size) { return slot.namer(slot.owner, buffer, size); });
    return text;
}

void say_remedy(fixed_text& text, const stack_slot& slot) noexcept {
    text << "  reserve more: " << slot.slab->size * 2
         << " bytes for example, or keep large arrays on the heap\n";
}

std::uintptr_t stack_pointer(const void* context) noexcept {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
    return machine.sp;
#endif
}

/// The access at `place`, in the guard of `slot`, came from code whose stack is at `sp`.
void report_fault(const stack_slot& slot, const char* place, std::uintptr_t sp) noexcept {
    const char* const limit = slot.slab->limit_of(slot);
    // A large frame lies below the limit as a whole, and may be larger than the guard.
    constexpr std::size_t frame_max = std::size_t{1} << 20;
    const auto end = reinterpret_cast<std::uintptr_t>(slot.slab->end_of(slot));
    const bool own = sp < end && sp + frame_max + slot.slab->size >= end;
    fixed_text text;
    text << "weft: fatal: " << (own ? "stack overflow in " : "a stray access to the guard of ")
         << slot << "\n  its stack has " << slot.slab->size << " bytes; ";
    text.append_address(place) << " is " << static_cast<std::size_t>(limit - place)
                               << " bytes below its limit\n";
    if (own)
        say_remedy(text, slot);
    else
        text << "  the code that did it runs on another stack: look for a wrong pointer\n";
    write_to_stderr(text);
}

/// Hands a fault that is not ours to whom it would have met without us.
void chain(int signal, siginfo_t* info, void* context) noexcept {
    if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
    const bool was_sent = info->si_code <= 0;  // by kill(), and does not come again by itself
    if (previous.sa_handler == SIG_IGN && was_sent) return;
    if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
        return previous.sa_handler(signal);
    ::sigaction(signal, &previous, nullptr);
    if (was_sent) ::raise(signal);
}

extern "C" void weft_on_segv(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    const auto* const place = static_cast<const char*>(info->si_addr);
    const stack_slot* const slot = info->si_code > 0 ? detail::find_stack(place) : nullptr;
    if (slot == nullptr || place >= slot->slab->limit_of(*slot)) {
        chain(signal, info, context);
    } else {
        report_fault(*slot, place, stack_pointer(context));
        ::sigaction(signal, &previous, nullptr);  // and the access faults again
    }
    errno = error;
}

bool wanted() noexcept {
    const char* const choice = std::getenv("WEFT_STACK_REPORT");
    return choice == nullptr || std::string_view(choice) != "off";
}

void install_handler() {
    if (::sigaction(SIGSEGV, nullptr, &previous) != 0)
        throw std::system_error(errno, std::generic_category(), "the handler of SIGSEGV");
    struct sigaction ours{};
    ours.sa_sigaction = &weft_on_segv;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&ours.sa_mask);
    ::sigaction(SIGSEGV, &ours, nullptr);
}

/// The stack on which a thread takes its signals, given back when the thread ends.
class alternate_stack {
public:
    alternate_stack() {
        stack_t now{};
        ::sigaltstack(nullptr, &now);
        if ((now.ss_flags & SS_DISABLE) == 0) return;  // the program's, or a sanitizer's
        // What the kernel stores grows with the processor's vector registers.
        const std::size_t page = detail::page_bytes();
        bytes_ = (::getauxval(AT_MINSIGSTKSZ) + std::size_t{16} * 1024) / page * page + page;
        memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory_ == MAP_FAILED) {
            memory_ = nullptr;
            throw std::system_error(ENOMEM, std::generic_category(),
                                    "no memory for a stack for signals");
        }
        const stack_t ours{.ss_sp = memory_, .ss_flags = 0, .ss_size = bytes_};
        ::sigaltstack(&ours, nullptr);
    }
    alternate_stack(const alternate_stack&) = delete;
    alternate_stack& operator=(const alternate_stack&) = delete;
    ~alternate_stack() {
        if (memory_ == nullptr) return;
        stack_t now{};
        ::sigaltstack(nullptr, &now);
        if (now.ss_sp == memory_) {
            const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
            ::sigaltstack(&none, nullptr);
        }
        ::munmap(memory_, bytes_);
    }

private:
    void* memory_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace

[[gnu::noinline]] void report_stack_overflows() {
    static const bool is_wanted = wanted();
    if (!is_wanted) return;
    static std::once_flag once;
    std::call_once(once, install_handler);
    static thread_local alternate_stack signals;
    static_cast<void>(&signals);
}

namespace detail {

void report_dead_canary(const stack_slot& slot) noexcept {
    fixed_text text;
    text << "weft: fatal: stack overflow in " << slot << "\n  its stack has " << slot.slab->size
         << " bytes, and the memory below its limit was written to, perhaps some time ago\n";
    say_remedy(text, slot);
    write_to_stderr(text);
    std::abort();
}

}  // namespace detail
}  // namespace weft
