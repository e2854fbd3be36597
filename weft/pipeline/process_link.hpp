#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/spinner.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

/// What a process and its child have between them: a queue of bytes in memory that both see, and a
/// pair of sockets, by which either wakes the other and sees its death.
namespace weft::detail {

/// In shared memory. Each line has one writer, but the third.
struct shared_queue {
    enum class life : std::uint32_t { running, ended, failed };
    static constexpr std::uint64_t nobody = ~std::uint64_t{0};

    // The sender's: bytes written so far.
    alignas(64) std::atomic<std::uint64_t> tail = 0;
    // The receiver's: bytes it is done with, items it has handed on.
    alignas(64) std::atomic<std::uint64_t> head = 0;
    std::atomic<std::uint64_t> taken = 0;
    // Seldom written.
    alignas(64) std::atomic<bool> receiver_sleeps = false;
    std::atomic<bool> is_closed = false;
    std::atomic<life> state = life::running;
    std::atomic<std::uint64_t> answers = 0;
    /// The sender sleeps until `head` is there.
    std::atomic<std::uint64_t> sender_wants = nobody;
    // The receiver's error; to be read when `state` is failed.
    alignas(64) char error_type[256] = {};
    char error_text[2048] = {};
};

enum class frame_kind : std::uint32_t { item, part, raise };
struct frame_head {
    std::uint32_t bytes;
    frame_kind kind;
};

/// The memory: the queue's counts, and its bytes, mapped twice in a row, so that every frame lies
/// in one piece. No other child gets it.
class WEFT_EXPORT shared_memory {
public:
    /// Rounded up to whole pages. Throws `std::system_error`.
    explicit shared_memory(std::size_t bytes);
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;
    ~shared_memory();

    [[nodiscard]] shared_queue& queue() const noexcept { return *queue_; }
    [[nodiscard]] char* at(std::uint64_t position) const noexcept {
        return bytes_ + (position & (size_ - 1));
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The largest frame, so that there is room for another while one is read.
    [[nodiscard]] std::size_t frame_max() const noexcept { return size_ / 4; }
    /// Children that are forked from now on do not have it.
    void keep_from_children() const noexcept;
    /// In such a child: there is nothing to unmap.
    void disown() noexcept { queue_ = nullptr; }

private:
    std::size_t size_;
    shared_queue* queue_ = nullptr;
    char* bytes_ = nullptr;
};

/// One end of the pair of sockets.
class WEFT_EXPORT process_peer {
public:
    process_peer() noexcept = default;
    process_peer(const process_peer&) = delete;
    process_peer& operator=(const process_peer&) = delete;
    ~process_peer() { close(); }

    void open(int fd) noexcept { fd_ = fd; }
    void close() noexcept;
    /// Closed already, in a child.
    void disown() noexcept { fd_ = -1; }
    [[nodiscard]] int descriptor() const noexcept { return fd_; }

    /// Has the other end look again.
    void wake() noexcept;
    enum class waiting : std::uint8_t { cancellable, shielded };
    /// Until the other end wakes this one, or is gone: suspends the fiber that runs, else blocks
    /// the thread.
    void wait(waiting how);
    /// The other end was closed, by the process or by its death.
    [[nodiscard]] bool is_gone() const noexcept { return is_gone_; }

private:
    void take_wakes() noexcept;
    void block() const noexcept;

    int fd_ = -1;
    bool is_gone_ = false;
    const void* loop_ = nullptr;  // that may know of the descriptor
};

/// The sending end of a queue. One thread at a time.
class WEFT_EXPORT queue_sender {
public:
    queue_sender(shared_memory& memory, process_peer& peer) noexcept
        : memory_(memory), peer_(peer) {}

    /// Where the bytes of the next frame go; null when the receiver has ended. May throw
    /// `cancelled`.
    [[nodiscard]] char* room(std::size_t bytes) {
        const std::uint64_t end = tail_ + sizeof(frame_head) + padded(bytes);
        if (end - head_seen_ > memory_.size()) [[unlikely]]
            if (!wait_for_room(end)) return nullptr;
        return memory_.at(tail_) + sizeof(frame_head);
    }
    void publish(std::size_t bytes, frame_kind kind) noexcept {
        ::new (memory_.at(tail_)) frame_head{static_cast<std::uint32_t>(bytes), kind};
        tail_ += sizeof(frame_head) + padded(bytes);
        memory_.queue().tail.store(tail_, std::memory_order_release);
        wake_receiver();
    }
    /// Any number of bytes, in frames. False when the receiver has ended.
    [[nodiscard]] bool send_bytes(std::string_view bytes, frame_kind kind);
    void close() noexcept {
        memory_.queue().is_closed.store(true, std::memory_order_release);
        wake_receiver();
    }
    [[nodiscard]] bool receiver_runs() const noexcept {
        return memory_.queue().state.load(std::memory_order_acquire) == shared_queue::life::running;
    }
    /// Until the receiver has answered `count` times; false when it has ended.
    [[nodiscard]] bool wait_for_answer(std::uint64_t count);

private:
    [[nodiscard]] static constexpr std::uint64_t padded(std::size_t bytes) noexcept {
        return (bytes + 7) & ~std::uint64_t{7};
    }
    bool wait_for_room(std::uint64_t end);
    template <class Is>
    bool wait_until(std::uint64_t head, process_peer::waiting how, Is is);
    void wake_receiver() noexcept {
        // Who is going to sleep says so and then looks at `tail`.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (memory_.queue().receiver_sleeps.load(std::memory_order_relaxed)) [[unlikely]]
            wake_sleeper();
    }
    void wake_sleeper() noexcept;

    shared_memory& memory_;
    process_peer& peer_;
    std::uint64_t tail_ = 0;
    std::uint64_t head_seen_ = 0;
    spinner looks_{std::chrono::microseconds(50)};
};

/// The receiving end. One thread.
class WEFT_EXPORT queue_receiver {
public:
    queue_receiver(shared_memory& memory, process_peer& peer) noexcept
        : memory_(memory), peer_(peer) {}

    enum class found : std::uint8_t { item, raise, end, sender_died };
    /// `next` would not wait.
    [[nodiscard]] bool has_frame() noexcept {
        if (head_ != tail_seen_) [[likely]]
            return true;
        tail_seen_ = memory_.queue().tail.load(std::memory_order_acquire);
        return head_ != tail_seen_;
    }
    /// Waits for the next frame. `bytes()` is what it holds, until `done()`.
    [[nodiscard]] found next();
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// With what `next` gave.
    void done() noexcept {
        head_ = next_;
        shared_queue& q = memory_.queue();
        q.head.store(head_, std::memory_order_release);
        if (head_ - told_ >= memory_.size() / 8) tell_sender();
    }
    void taken() noexcept {
        std::atomic<std::uint64_t>& n = memory_.queue().taken;
        n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    void answer() noexcept;
    void ends(shared_queue::life how) noexcept {
        memory_.queue().state.store(how, std::memory_order_release);
    }
    /// With the exception that is being handled.
    void fails() noexcept;

private:
    [[nodiscard]] bool wait_for_frame();
    void tell_sender() noexcept;

    shared_memory& memory_;
    process_peer& peer_;
    std::uint64_t head_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t tail_seen_ = 0;
    std::uint64_t told_ = 0;
    std::string_view bytes_;
    std::string parts_;  // of an item that is larger than a frame
    spinner looks_{std::chrono::microseconds(50)};
};

/// How many forks lie between this process and the first: a link is used only where it was made.
[[nodiscard]] WEFT_EXPORT unsigned process_generation() noexcept;

/// The child, and this process's end of the sockets. In the child `pid` is 0.
struct forked_process {
    pid_t pid = -1;
    int descriptor = -1;
};
/// Flushes what is buffered for standard output, and forks. The child has no end of any other link,
/// and no loop. Throws `std::system_error`.
[[nodiscard]] WEFT_EXPORT forked_process fork_with_socket();
/// About to be closed by its owner.
WEFT_EXPORT void forget_link(int descriptor) noexcept;
/// Of the child: flushes, and ends it. Never returns to what the parent was doing.
[[noreturn]] WEFT_EXPORT void exit_child(queue_receiver& in, shared_queue::life how) noexcept;

}  // namespace weft::detail
