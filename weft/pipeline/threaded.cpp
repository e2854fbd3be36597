#include "weft/pipeline/threaded.hpp"

#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"

#include <algorithm>
#include <system_error>

namespace weft::detail {
namespace {

std::size_t checked(std::size_t capacity) {
    if (capacity == 0)
        throw usage_error("threaded(): a capacity of 0 lets nothing through: give it at least 1");
    return capacity;
}

// Two ends that are a few slots apart take lines of cache from each other with every item; in a
// queue that is long enough for it, who has to wait leaves the other some room.
constexpr std::size_t patient_from = 64;
constexpr int pauses_before_a_look = 4;

}  // namespace

threaded_base::starter threaded_base::start = &start_quiet_thread;

threaded_base::threaded_base(std::size_t capacity)
    : capacity_(checked(capacity)), mask_(std::bit_ceil(capacity) - 1) {}

threaded_base::~threaded_base() = default;

void threaded_base::begin(void (*work)(void*), void* self) {
    try {
        thread_ = start(work, self, "weft-threaded");
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "threaded(): starting the thread of the target");
    }
}

void threaded_base::join() {
    closed_.store(true, std::memory_order_release);
    thread_waits_.changed();
    sender_waits_.until_shielded([this] { return ended(); });
    if (thread_.joinable()) thread_.join();
}

void threaded_base::end() noexcept {
    if (!thread_.joinable()) return;
    join();
    if (error_) report_unhandled(std::exchange(error_, nullptr), "the target of threaded()");
}

bool threaded_base::finish() {
    join();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return false;
}

void threaded_base::close() {
    static_cast<void>(finish());
}

bool threaded_base::wait_for_room() {
    const std::uint64_t room = capacity_ < patient_from ? 1 : capacity_ / 4;
    const std::uint64_t wanted = tail_now_ + room - capacity_;
    sender_waits_.until([&] { return head_.load(std::memory_order_acquire) >= wanted || ended(); });
    return has_room() && !ended();
}

bool threaded_base::raise(std::exception_ptr error) {
    if (ended()) {
        static_cast<void>(finish());
        std::rethrow_exception(std::move(error));
    }
    raised_ = std::move(error);
    raise_.store(raising::asked, std::memory_order_release);
    thread_waits_.changed();
    const auto is_answered = [this] {
        return raise_.load(std::memory_order_acquire) == raising::answered || ended();
    };
    sender_waits_.until_shielded(is_answered);
    if (raise_.exchange(raising::none, std::memory_order_acquire) == raising::answered) return true;
    return finish();
}

void threaded_base::answer() noexcept {
    raise_.store(raising::answered, std::memory_order_release);
    sender_waits_.changed();
}

threaded_base::command threaded_base::next() noexcept {
    if (has_item()) return command::items;
    const auto is_raise_asked = [this] {
        return raise_.load(std::memory_order_acquire) == raising::asked;
    };
    const auto is_asked = [&, this] {
        return tail_.load(std::memory_order_acquire) != head_now_ || is_raise_asked() ||
               closed_.load(std::memory_order_acquire);
    };
    thread_waits_.until(is_asked, capacity_ < patient_from ? 0 : pauses_before_a_look);
    // What was sent before the rest comes first: it is looked for last.
    const command found = is_raise_asked() ? command::raise : command::close;
    const bool is_closed = closed_.load(std::memory_order_acquire);
    return has_item() || (found == command::close && !is_closed) ? command::items : found;
}

void threaded_base::all_done() noexcept {
    ended_.store(true, std::memory_order_release);
    sender_waits_.changed();
}

}  // namespace weft::detail
