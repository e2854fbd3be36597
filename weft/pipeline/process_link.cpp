#include "weft/pipeline/process_link.hpp"

#include "weft/core/await.hpp"
#include "weft/core/cancel_node.hpp"
#include "weft/core/operation_awaiter.hpp"
#include "weft/pipeline/forked_error.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::detail {
namespace {

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) noexcept {
    text.copy(to, N - 1);
    to[std::min(text.size(), N - 1)] = '\0';
}

/// Null: whoever runs cannot suspend, so the thread waits.
fiber_record* fiber_here() noexcept {
    scheduler* const home = the_scheduler;
    control_block* const b = home != nullptr ? home->current() : nullptr;
    if (b == nullptr || b->kind != block_kind::fiber) return nullptr;
    auto* const frame = static_cast<fiber_record*>(b->leaf.address());
    return frame->resume == &fiber_record::resume_frame ? frame : nullptr;
}

void* map(void* at, std::size_t bytes, int protection, int flags, int fd, off_t from) {
    void* const mapped = ::mmap(at, bytes, protection, flags, fd, from);
    if (mapped == MAP_FAILED) throw_system_error(errno, "forked(): mapping its buffer");
    return mapped;
}

}  // namespace

// --- the memory

shared_memory::shared_memory(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    static_assert(sizeof(shared_queue) <= 4096);
    size_ = std::bit_ceil(std::max(bytes, page));
    const unique_fd file(::memfd_create("weft-forked", MFD_CLOEXEC));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(page + size_)) != 0)
        throw_system_error(errno, "forked(): making its buffer");
    auto* const base = static_cast<char*>(
        map(nullptr, page + 2 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    queue_ = reinterpret_cast<shared_queue*>(base);
    bytes_ = base + page;
    try {
        constexpr int shared = MAP_SHARED | MAP_FIXED;
        map(base, page + size_, PROT_READ | PROT_WRITE, shared, file.get(), 0);
        map(bytes_ + size_, size_, PROT_READ | PROT_WRITE, shared, file.get(),
            static_cast<off_t>(page));
    } catch (...) {
        ::munmap(base, page + 2 * size_);
        throw;
    }
    ::new (base) shared_queue();
}

shared_memory::~shared_memory() {
    if (queue_ == nullptr) return;
    const auto header = static_cast<std::size_t>(bytes_ - reinterpret_cast<char*>(queue_));
    ::munmap(queue_, header + 2 * size_);
}

void shared_memory::keep_from_children() const noexcept {
    const auto header = static_cast<std::size_t>(bytes_ - reinterpret_cast<char*>(queue_));
    ::madvise(queue_, header + 2 * size_, MADV_DONTFORK);
}

// --- the sockets

void process_peer::close() noexcept {
    if (fd_ < 0) return;
    const int fd = std::exchange(fd_, -1);
    forget_link(fd);
    if (loop_ != nullptr && loop_ == the_scheduler)
        the_scheduler->world().close(fd);
    else
        ::close(fd);
}

void process_peer::wake() noexcept {
    for (;;) {
        const ssize_t sent = ::send(fd_, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0 || errno == EAGAIN) return;  // It has enough of them to wake up.
        if (errno == EINTR) continue;
        is_gone_ = true;
        return;
    }
}

void process_peer::take_wakes() noexcept {
    char bytes[256];
    for (;;) {
        const ssize_t got = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0 || (got < 0 && errno != EAGAIN)) is_gone_ = true;
        if (got < static_cast<ssize_t>(sizeof bytes)) return;
    }
}

void process_peer::block() const noexcept {
    pollfd file{fd_, POLLIN, 0};
    static_cast<void>(::poll(&file, 1, -1));  // EINTR: the caller looks, and comes back.
}

void process_peer::wait(waiting how) {
    if (is_gone_) return;
    if (fiber_record* const self = fiber_here(); self != nullptr) {
        loop_ = the_scheduler;
        operation_awaiter readable(operation_code::readable, fd_, nullptr, 0);
        try {
            if (how == waiting::shielded) {
                cancel_node shield(this_scheduler(), *self->block,
                                   cancel_node::shielding::shielded);
                await_in(*self, readable);
            } else {
                await_in(*self, readable);
            }
        } catch (const std::system_error&) {
            block();  // A simulated world has no descriptors of this one.
        }
    } else {
        block();
    }
    take_wakes();
}

// --- the sender

template <class Is>
bool queue_sender::wait_until(std::uint64_t head, process_peer::waiting how, Is is) {
    looks_.refill();
    if (looks_.until([&] { return is() || !receiver_runs(); })) return is();
    shared_queue& q = memory_.queue();
    for (;;) {
        q.sender_wants.store(head, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (is() || !receiver_runs() || peer_.is_gone()) break;
        peer_.wait(how);
    }
    q.sender_wants.store(shared_queue::nobody, std::memory_order_relaxed);
    return is();
}

bool queue_sender::wait_for_room(std::uint64_t end) {
    shared_queue& q = memory_.queue();
    const auto has_room = [&] {
        head_seen_ = q.head.load(std::memory_order_acquire);
        return end - head_seen_ <= memory_.size();
    };
    if (has_room()) return true;
    // Not for each item by itself: until there is room for some.
    const std::uint64_t wanted = std::min(tail_, end + memory_.size() / 4 - memory_.size());
    const bool is_there = wait_until(wanted, process_peer::waiting::cancellable, [&] {
        return q.head.load(std::memory_order_acquire) >= wanted;
    });
    return is_there && has_room();
}

bool queue_sender::wait_for_answer(std::uint64_t count) {
    return wait_until(0, process_peer::waiting::shielded, [&] {
        return memory_.queue().answers.load(std::memory_order_acquire) >= count;
    });
}

bool queue_sender::send_bytes(std::string_view bytes, frame_kind kind) {
    for (;;) {
        const std::size_t n = std::min(bytes.size(), memory_.frame_max());
        char* const to = room(n);
        if (to == nullptr) return false;
        bytes.copy(to, n);
        bytes.remove_prefix(n);
        publish(n, bytes.empty() ? kind : frame_kind::part);
        if (bytes.empty()) return true;
    }
}

void queue_sender::wake_sleeper() noexcept {
    if (memory_.queue().receiver_sleeps.exchange(false)) peer_.wake();
}

// --- the receiver

queue_receiver::found queue_receiver::next() {
    parts_.clear();
    for (;;) {
        if (!has_frame() && !wait_for_frame())
            return peer_.is_gone() && !memory_.queue().is_closed.load(std::memory_order_acquire)
                       ? found::sender_died
                       : found::end;
        const char* const at = memory_.at(head_);
        frame_head frame{};
        std::memcpy(&frame, at, sizeof frame);
        next_ = head_ + sizeof frame + ((frame.bytes + 7) & ~std::uint64_t{7});
        bytes_ = std::string_view(at + sizeof frame, frame.bytes);
        if (frame.kind != frame_kind::part && parts_.empty())
            return frame.kind == frame_kind::raise ? found::raise : found::item;
        parts_ += bytes_;
        if (frame.kind == frame_kind::part) {
            done();
            continue;
        }
        bytes_ = parts_;
        return frame.kind == frame_kind::raise ? found::raise : found::item;
    }
}

/// False at the end.
bool queue_receiver::wait_for_frame() {
    shared_queue& q = memory_.queue();
    tell_sender();
    const auto is_asked = [&] {
        return q.tail.load(std::memory_order_acquire) != head_ ||
               q.is_closed.load(std::memory_order_acquire);
    };
    looks_.refill();
    if (!looks_.until(is_asked)) {
        for (;;) {
            q.receiver_sleeps.store(true, std::memory_order_relaxed);
            std::atomic_thread_fence(std::memory_order_seq_cst);
            if (is_asked() || peer_.is_gone()) break;
            peer_.wait(process_peer::waiting::shielded);
        }
        q.receiver_sleeps.store(false, std::memory_order_relaxed);
    }
    return has_frame();  // What was sent before it was closed comes first.
}

void queue_receiver::tell_sender() noexcept {
    told_ = head_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::atomic<std::uint64_t>& wants = memory_.queue().sender_wants;
    std::uint64_t wanted = wants.load(std::memory_order_relaxed);
    if (wanted > head_) return;
    // Only this one: it may wait for another by now.
    if (wants.compare_exchange_strong(wanted, shared_queue::nobody)) peer_.wake();
}

void queue_receiver::answer() noexcept {
    memory_.queue().answers.fetch_add(1, std::memory_order_release);
    tell_sender();
}

void queue_receiver::fails() noexcept {
    shared_queue& q = memory_.queue();
    const std::exception_ptr error = std::current_exception();
    try {
        copy_text(q.error_type, type_name_of(error));
        copy_text(q.error_text, text_of(error));
    } catch (...) {  // No memory for the text.
        copy_text(q.error_text, "an error of which there was no memory to tell");
    }
    ends(shared_queue::life::failed);
}

}  // namespace weft::detail
