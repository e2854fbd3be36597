#pragma once

#include "weft/base/export.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The report of a stack that overflowed, on standard error, before the process dies of it:
///
///     weft: fatal: stack overflow in greenlet 'parser'
///       its stack has 262144 bytes; 0x7f0c3c2aeff8 is 8 bytes below its limit
///       reserve more: 524288 bytes for example, or keep large arrays on the heap
///
/// A handler of SIGSEGV writes it when the address lies in the guard of one of our stacks. It then
/// puts back the handler that was there before and returns, so that the same instruction faults
/// again: a debugger, a core file or another handler sees the fault where it happened. Every other
/// fault goes to the handler that was there before. `WEFT_STACK_REPORT=off` in the environment
/// leaves SIGSEGV alone.
///
/// *Limitations*: a frame that is larger than the guard may jump over it; compile what has such
/// frames with -fstack-clash-protection. A canary (stack_guard.hpp) is looked at when the stack is
/// left, so the report comes after the damage. Under AddressSanitizer its own report follows.
namespace weft {

/// Makes the calling thread able to report an overflow: an alternate stack for signals, unless it
/// has one, and once for the process the handler of SIGSEGV. Done by the first stack that a thread
/// acquires; to be called by a thread that only runs what others made. Throws `std::system_error`.
WEFT_EXPORT void report_stack_overflows();

namespace detail {

/// A text of bounded length that is built without allocation, for use in a signal handler. What
/// does not fit is left out.
class fixed_text {
public:
    fixed_text& operator<<(std::string_view text) noexcept;
    fixed_text& operator<<(std::size_t number) noexcept { return append(number, 10); }
    fixed_text& operator<<(const char* text) noexcept { return *this << std::string_view(text); }
    fixed_text& append_address(const void* address) noexcept {
        return (*this << "0x").append(reinterpret_cast<std::uintptr_t>(address), 16);
    }
    /// Lets `writer(buffer, size)` append; it returns how much it wrote.
    template <class Writer>
    void append_by(Writer writer) noexcept {
        const std::size_t written = writer(text_.data() + size_, text_.size() - size_);
        if (written <= text_.size() - size_) size_ += written;
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    fixed_text& append(std::uintptr_t number, unsigned base) noexcept;

    std::array<char, 1024> text_;
    std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace weft
