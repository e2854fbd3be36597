#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/across.hpp"
#include "weft/pipeline/forked_error.hpp"
#include "weft/pipeline/process_link.hpp"
#include "weft/pipeline/wire.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// A consumer in another process.
namespace weft {

/// How `forked` does it.
class forked_options {
public:
    forked_options() noexcept = default;
    /// How much may be between the two processes; rounded up to a power of two, 256 KiB if not set.
    forked_options& buffer_bytes(std::size_t bytes) noexcept {
        buffer_bytes_ = bytes;
        return *this;
    }
    [[nodiscard]] std::size_t buffer_bytes() const noexcept { return buffer_bytes_; }

private:
    std::size_t buffer_bytes_ = std::size_t{256} * 1024;
};

namespace detail {

/// The untyped part of a `forked_link`, in the parent.
class WEFT_EXPORT forked_base {
public:
    forked_base(const forked_base&) = delete;
    forked_base& operator=(const forked_base&) = delete;
    ~forked_base();

    [[nodiscard]] bool raise(std::exception_ptr error);
    void close();

protected:
    explicit forked_base(const forked_options& how)
        : memory_(how.buffer_bytes()), out_(memory_, peer_) {}

    /// Forks; the child calls `body` and never returns.
    void begin(void (*body)(void* argument, queue_receiver& in), void* argument);

    /// Null when the child has ended.
    [[nodiscard]] char* room(std::size_t bytes) {
        if (generation_ != process_generation()) [[unlikely]]
            refuse_elsewhere();
        return out_.receiver_runs() && !peer_.is_gone() ? out_.room(bytes) : nullptr;
    }
    [[nodiscard]] bool is_large(std::size_t bytes) const noexcept {
        return bytes > memory_.frame_max();
    }
    [[nodiscard]] bool send_large(std::string_view bytes);
    /// The end of the child: throws its error, else false.
    [[gnu::cold]] bool finish();

    shared_memory memory_;
    process_peer peer_;
    queue_sender out_;

private:
    [[nodiscard]] bool is_mine() const noexcept { return generation_ == process_generation(); }
    [[noreturn, gnu::cold]] static void refuse_elsewhere();
    void reap();
    [[noreturn]] void throw_death() const;

    pid_t pid_ = -1;
    pid_t number_ = -1;  // of the child, for people
    int status_ = 0;
    unsigned generation_ = process_generation();
    std::uint64_t raises_ = 0;
};

template <class T>
class forked_link : public forked_base {
    using item_type = std::remove_cvref_t<T>;
    using form = wire<item_type>;

public:
    template <class Make>
    forked_link(const forked_options& how, Make& make) : forked_base(how) {
        begin([](void* argument,
                 queue_receiver& in) { receive_all((*static_cast<Make*>(argument))(), in); },
              &make);
    }

    [[nodiscard]] bool send(const item_type& item) {
        const std::size_t bytes = form::size(item);
        if (is_large(bytes)) [[unlikely]] {
            std::string text(bytes, '\0');
            form::put(text.data(), item);
            return send_large(text) || finish();
        }
        char* const to = room(bytes);
        if (to == nullptr) [[unlikely]]
            return finish();
        form::put(to, item);
        out_.publish(bytes, frame_kind::item);
        return true;
    }

private:
    /// In the child, until it has to end.
    static void receive_all(consumer<T> target, queue_receiver& in) {
        for (;;) {
            switch (in.next()) {
                case queue_receiver::found::item:
                    if (!hand_over(target, in)) return;
                    break;
                case queue_receiver::found::raise: {
                    wire_reader from(in.bytes());
                    auto [text, type] = wire<std::pair<std::string, std::string>>::get(from);
                    in.done();
                    if (!target.throw_(forked_error(text, std::move(type)))) return;
                    in.answer();
                    break;
                }
                case queue_receiver::found::end: return target.close();
                case queue_receiver::found::sender_died:
                    if (target.throw_(
                            forked_error("forked(): the process that sends has died", 0, 0)))
                        target.close();
                    return;
            }
        }
    }
    static bool hand_over(consumer<T>& target, queue_receiver& in) {
        wire_reader from(in.bytes());
        bool goes_on = false;
        if constexpr (std::is_lvalue_reference_v<T>) {
            item_type item = form::get(from);
            goes_on = target.send(item);
        } else {
            goes_on = target.send(form::get(from));
        }
        in.done();
        in.taken();
        return goes_on;
    }
};

template <class T>
inline constexpr bool is_consumer = false;
template <class T>
inline constexpr bool is_consumer<consumer<T>> = true;

}  // namespace detail

/// A consumer in a process of its own: forks, and the child calls `factory(args...)`, which makes
/// the consumer there. What is sent to the one that is returned, it gets, in order.
///
/// ```cpp
/// void search_here_and_print_there(const std::string& path) {
///     weft::lines(path) | weft::grep("error") |
///         weft::forked([] { return weft::print_to(1); });
/// }
/// ```
///
/// - Items cross as `wire<T>` writes them (wire.hpp), through a buffer in memory that both see, one
///   at a time: nothing is held back. While it is full, `send` suspends the fiber that runs;
///   elsewhere, a task included, it blocks the thread. A fiber that is cancelled while it waits
///   raises `cancelled`; that item is not sent, and the consumer ends as by `close()`.
/// - `close()`, and the destructor, are the end of file in the child: it closes its consumer,
///   flushes standard output and ends; they return when it has ended, and leave no zombie. `throw_`
///   raises a `forked_error` there, with the text and the name of the type, and returns when it was
///   handled.
/// - The error of the child's consumer is thrown by the next `send`, `throw_` or `close()`, as
///   `forked_error`. So is the death of the child: "killed by signal 9 (Killed) after 17 items
///   taken". It is noticed when the buffer is full, when the child would have to be woken, or by
///   `close()`. When its consumer has ended, `send` is false.
/// - When the parent dies, the child's consumer gets a `forked_error` and is closed.
///
/// The child is a copy of the calling thread alone. It never goes on with what the parent was
/// doing: other coroutines are neither resumed nor unwound, no destructor and no `atexit` function
/// runs. It has no loop, and may `run` one. It stands on the stack that called: in a fiber, on that
/// of the fiber. Locks that other threads held at that moment stay locked in it, so fork before
/// threads are busy. In the parent, standard output is flushed first. Other children do not inherit
/// the descriptors of this one.
///
/// Throws `std::system_error` when there is no process (`EAGAIN`), memory or descriptor. Thread
/// rule: one thread at a time; on a loop, one loop. Only the process that made it may use it.
template <class Factory, class... Args>
    requires std::invocable<Factory, Args...>
[[nodiscard]] auto forked(const forked_options& how, Factory factory, Args... args)
    -> std::invoke_result_t<Factory, Args...> {
    using sink = std::invoke_result_t<Factory, Args...>;
    static_assert(detail::is_consumer<sink>,
                  "forked(factory, args...): factory(args...) returns a consumer<T>");
    using T = typename sink::item_type;
    auto make = [&] { return std::invoke(std::move(factory), std::move(args)...); };
    return detail::send_across<T>(std::make_unique<detail::forked_link<T>>(how, make));
}
template <class Factory, class... Args>
    requires std::invocable<Factory, Args...>
[[nodiscard]] auto forked(Factory factory, Args... args) {
    return forked(forked_options(), std::move(factory), std::move(args)...);
}

}  // namespace weft
