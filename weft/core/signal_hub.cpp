#include "weft/core/signal_hub.hpp"

#include "weft/base/error.hpp"
#include "weft/base/fd.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>

namespace weft::detail {
namespace {

constexpr int signals_max = 65;

struct signal_slot {
    std::array<std::atomic<signal_node*>, 2> first{};  // by role
    bool installed = false;                            // and this, under the mutex
    struct sigaction before{};
};

/// Never destroyed: a signal may come until the process has ended.
struct signal_hub {
    std::array<signal_slot, signals_max> slots;
    std::atomic<std::uint32_t> inside = 0;  // handlers
    std::mutex mutex;
    sigset_t mask_at_fork{};
};
signal_hub& hub() noexcept {
    alignas(signal_hub) static std::array<std::byte, sizeof(signal_hub)> memory;
    static auto* const the = ::new (static_cast<void*>(memory.data())) signal_hub;
    return *the;
}
// What a handler reads: `hub()` may not be called first from there.
constinit std::atomic<signal_hub*> the_hub = nullptr;

std::atomic<signal_node*>& list_of(signal_slot& s, signal_role role) noexcept {
    return s.first[static_cast<std::size_t>(role)];
}

void tell(signal_slot& slot, int number) noexcept {
    if (signal_node* n = list_of(slot, signal_role::listener).load()) {
        for (; n != nullptr; n = n->next.load()) static_cast<void>(n->caught(*n));
        return;
    }
    bool again = false;
    for (signal_node* n = list_of(slot, signal_role::stopper).load(); n != nullptr;
         n = n->next.load())
        again = n->caught(*n) || again;
    if (!again) return;
    // It is blocked while this handler runs, and ends the process after that.
    struct sigaction as_usual{};
    as_usual.sa_handler = SIG_DFL;
    ::sigaction(number, &as_usual, nullptr);
    ::raise(number);
}

extern "C" void weft_signal_caught(int number) {
    const int saved = errno;
    signal_hub& h = *the_hub.load(std::memory_order_acquire);
    // Sequentially consistent, as the unlinking and the look at `inside` are: either this finds the
    // node unlinked, or who unlinked it finds this.
    h.inside.fetch_add(1);
    tell(h.slots[static_cast<std::size_t>(number)], number);
    h.inside.fetch_sub(1);
    errno = saved;
}

bool is_ours(const struct sigaction& a) noexcept {
    return (a.sa_flags & SA_SIGINFO) == 0 && a.sa_handler == &weft_signal_caught;
}

void put_back(signal_slot& slot, int number) noexcept {
    struct sigaction current{};
    ::sigaction(number, &slot.before, &current);
    // Somebody has replaced ours meanwhile: that one stays.
    if (!is_ours(current)) ::sigaction(number, &current, nullptr);
    slot.installed = false;
}

void before_fork() noexcept {
    hub().mutex.lock();
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &hub().mask_at_fork);
}
void after_fork() noexcept {
    ::pthread_sigmask(SIG_SETMASK, &hub().mask_at_fork, nullptr);
    hub().mutex.unlock();
}
/// The loops are the parent's: what we handle is as it was before.
void in_child() noexcept {
    signal_hub& h = hub();
    h.inside = 0;
    for (int number = 1; number < signals_max; ++number) {
        signal_slot& slot = h.slots[static_cast<std::size_t>(number)];
        for (std::atomic<signal_node*>& list : slot.first) list = nullptr;
        if (slot.installed) put_back(slot, number);
    }
    after_fork();
}

[[noreturn]] void refuse(int number, const char* why) {
    throw usage_error("signals: " + std::to_string(number) + " " + why);
}

void require_awaitable(int number) {
    if (number < 1 || number >= signals_max) refuse(number, "is no signal");
    switch (number) {
        case SIGKILL:
        case SIGSTOP: refuse(number, "cannot be caught by any program");
        case SIGSEGV:
        case SIGBUS:
        case SIGFPE:
        case SIGILL: refuse(number, "is a fault of the instruction that runs: handle it there");
        default: break;
    }
}

}  // namespace

bool add_signal(signal_node& n, signal_role role) {
    require_awaitable(n.number);
    signal_hub& h = hub();
    const std::lock_guard lock(h.mutex);
    if (the_hub.load(std::memory_order_relaxed) == nullptr) {
        if (const int error = ::pthread_atfork(before_fork, after_fork, in_child); error != 0)
            throw_system_error(error, "preparing for signals");
        the_hub.store(&h, std::memory_order_release);
    }
    signal_slot& slot = h.slots[static_cast<std::size_t>(n.number)];
    std::atomic<signal_node*>& first = list_of(slot, role);
    const auto may_stop = [&slot] {
        return (slot.before.sa_flags & SA_SIGINFO) == 0 && slot.before.sa_handler == SIG_DFL;
    };
    if (slot.installed && role == signal_role::stopper && !may_stop()) return false;
    n.next = first.load();
    first = &n;
    if (slot.installed) return true;
    struct sigaction ours{};
    ours.sa_handler = &weft_signal_caught;
    // Calls that it interrupts go on; and it needs none of a fiber's stack where there is another.
    ours.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigemptyset(&ours.sa_mask);
    if (::sigaction(n.number, &ours, &slot.before) != 0) {
        first = n.next.load();
        refuse(n.number, "cannot be caught: the C library keeps it for itself");
    }
    slot.installed = true;
    if (role == signal_role::listener || may_stop()) return true;
    ::sigaction(n.number, &slot.before, nullptr);
    slot.installed = false;
    first = n.next.load();
    while (h.inside.load() != 0) std::this_thread::yield();
    return false;
}

void remove_signal(signal_node& n, signal_role role) noexcept {
    signal_hub& h = hub();
    const std::lock_guard lock(h.mutex);
    signal_slot& slot = h.slots[static_cast<std::size_t>(n.number)];
    std::atomic<signal_node*>* link = &list_of(slot, role);
    while (link->load() != nullptr && link->load() != &n) link = &link->load()->next;
    if (link->load() == nullptr) return;  // in a child of fork
    const auto& other = slot.first[role == signal_role::listener ? 1 : 0];
    const bool is_last =
        other.load() == nullptr && list_of(slot, role).load() == &n && n.next.load() == nullptr;
    // First, or one that came in between would find nobody and be lost.
    if (is_last) put_back(slot, n.number);
    *link = n.next.load();
    while (h.inside.load() != 0) std::this_thread::yield();
}

}  // namespace weft::detail
