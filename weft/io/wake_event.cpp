#include "weft/io/wake_event.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weft::detail {

wake_event::wake_event() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!event_) throw_system_error(errno, "creating the eventfd of a loop");
}

void wake_event::signal() noexcept {
    if (state_.exchange(state::signalled) == state::waiting) write();
}

void wake_event::raise() noexcept {
    state_.store(state::signalled);
    write();
}

void wake_event::write() noexcept {
    writes_.fetch_add(1, std::memory_order_relaxed);
    const int saved = errno;
    const std::uint64_t one = 1;
    // EAGAIN, the only failure there is, means that the counter is full: then it has been woken.
    while (::write(event_.get(), &one, sizeof one) < 0 && errno == EINTR) {}
    errno = saved;
}

}  // namespace weft::detail
