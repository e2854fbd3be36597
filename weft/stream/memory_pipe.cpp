#include "weft/stream/memory_pipe.hpp"

#include "weft/base/error.hpp"
#include "weft/core/oracle.hpp"
#include "weft/core/sleep.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace weft {
namespace detail {

const wait_kind memory_read_kind{"read of a memory pipe", &leave_queue};
const wait_kind memory_write_kind{"write to a memory pipe", &leave_queue};

namespace {

template <class Transfer>
void fail_all(wait_queue& line, int Transfer::* error, int code) {
    if (line.empty()) return;
    scheduler& home = line.home("memory_pipe");
    while (!line.empty()) {
        auto& w = static_cast<Transfer&>(line.pop());
        w.*error = code;
        home.wake(*w.block);
    }
}

[[noreturn]] void fail_transfer(const wait_kind& what, int code) {
    throw std::system_error(code, std::generic_category(), what.what);
}

}  // namespace

memory_pipe_state::memory_pipe_state(std::size_t capacity) : capacity_(capacity) {
    if (capacity == 0)
        throw usage_error("memory_pipe(0): no byte would ever pass: give it room for at least one");
}

/// As many as the oracle says; without one all.
std::size_t memory_pipe_state::some_of(std::size_t n) noexcept {
    oracle* const chooses = this_scheduler().how().choices();
    return chooses == nullptr || n < 2 ? n : chooses->choose(choice::bytes, n) + 1;
}

bool memory_pipe_state::is_done(const memory_writing& w) noexcept {
    return w.rest_.empty() || (w.done_ != 0 && !w.whole_);
}

void memory_pipe_state::put(std::string_view bytes) {
    if (ring_ == nullptr) ring_.reset(new char[capacity_]);
    std::size_t end = begin_ + size_;
    if (end >= capacity_) end -= capacity_;
    const std::size_t first = bytes.copy(ring_.get() + end, capacity_ - end);
    bytes.copy(ring_.get(), bytes.size() - first, first);
    size_ += bytes.size();
}

void memory_pipe_state::get(char* into, std::size_t n) noexcept {
    const std::size_t first = std::min(n, capacity_ - begin_);
    std::memcpy(into, ring_.get() + begin_, first);
    std::memcpy(into + first, ring_.get(), n - first);
    size_ -= n;
    begin_ = size_ == 0 ? 0 : begin_ + n;
    if (begin_ >= capacity_) begin_ -= capacity_;
    passed_ += n;
}

/// Moves what can be moved from `w`: to readers that wait, then to the ring.
void memory_pipe_state::give(memory_writing& w) {
    while (!w.rest_.empty()) {
        const bool direct = !readers_.empty();
        auto* const r = direct ? static_cast<memory_reading*>(&readers_.front()) : nullptr;
        const std::size_t possible = std::min(w.rest_.size(), direct ? r->n_ : room());
        if (possible == 0) return;
        const std::size_t n = some_of(possible);
        if (direct) {
            scheduler& home = readers_.home("memory_pipe: a write");
            std::memcpy(r->into_, w.rest_.data(), n);
            r->done_ = n;
            passed_ += n;
            wait_queue::remove(*r);
            home.wake(*r->block);
        } else {
            put(w.rest_.substr(0, n));
        }
        w.rest_.remove_prefix(n);
        w.done_ += n;
        if (n < possible && !w.whole_) return;
        w.next_piece();
    }
}

void memory_pipe_state::serve_writers() {
    while (!writers_.empty() && room() != 0) {
        auto& w = static_cast<memory_writing&>(writers_.front());
        scheduler& home = writers_.home("memory_pipe: a read");
        give(w);
        if (!is_done(w)) continue;
        wait_queue::remove(w);
        home.wake(*w.block);
    }
}

bool memory_pipe_state::read(memory_reading& r) {
    if (!reader_open_) {
        r.error_ = EBADF;
        return true;
    }
    if (r.n_ == 0) return true;
    if (size_ == 0) {
        if (writer_open_ && !readers_.empty())
            static_cast<void>(readers_.home("memory_pipe: a read"));
        return !writer_open_;
    }
    r.done_ = some_of(std::min(r.n_, size_));
    get(r.into_, r.done_);
    serve_writers();
    return true;
}

bool memory_pipe_state::write(memory_writing& w) {
    if (!writer_open_) {
        w.error_ = EBADF;
        return true;
    }
    if (w.rest_.empty()) return true;
    if (!reader_open_) {
        w.error_ = EPIPE;
        return true;
    }
    if (!writers_.empty()) {
        static_cast<void>(writers_.home("memory_pipe: a write"));
        return false;
    }
    give(w);
    return is_done(w);
}

void memory_pipe_state::close_reader() {
    if (!std::exchange(reader_open_, false)) return;
    ring_.reset();
    size_ = 0;
    fail_all(readers_, &memory_reading::error_, EBADF);
    fail_all(writers_, &memory_writing::error_, EPIPE);
}

void memory_pipe_state::close_writer() {
    if (!std::exchange(writer_open_, false)) return;
    fail_all(writers_, &memory_writing::error_, EBADF);
    fail_all(readers_, &memory_reading::error_, 0);  // it is the end
}

memory_pipe_statistics memory_pipe_state::statistics() const noexcept {
    return memory_pipe_statistics(size_, capacity_, readers_.size(), writers_.size(), passed_);
}

void memory_pipe_state::let_go(memory_pipe_state* state) noexcept {
    if (--state->ends_ == 0) delete state;
}

bool memory_read_awaiter::try_now() {
    if (pipe_ != nullptr) return pipe_->read(*this);
    error_ = EBADF;
    return true;
}
void memory_read_awaiter::start() noexcept {
    pipe_->wait(*this);
}
std::size_t memory_read_awaiter::finish() const {
    if (done_ == 0) raise_if_cancelled_meanwhile(*this);
    if (error_ != 0) [[unlikely]]
        fail_transfer(memory_read_kind, error_);
    return done_;
}

bool memory_write_awaiter::try_now() {
    if (pipe_ != nullptr) return pipe_->write(*this);
    error_ = EBADF;
    return true;
}
void memory_write_awaiter::start() noexcept {
    pipe_->wait(*this);
}
std::size_t memory_write_awaiter::finish() const {
    if (done_ == 0) raise_if_cancelled_meanwhile(*this);
    if (error_ == 0) [[likely]]
        return done_;
    if (!whole_) fail_transfer(memory_write_kind, error_);
    throw write_error(std::system_error(error_, std::generic_category(), memory_write_kind.what),
                      done_);
}

}  // namespace detail

memory_pipe_reader& memory_pipe_reader::operator=(memory_pipe_reader&& other) noexcept {
    if (this == &other) return *this;
    close();
    state_ = detail::memory_pipe_hold(std::move(other.state_));
    return *this;
}
void memory_pipe_reader::close() noexcept {
    if (state_.get() != nullptr) state_.get()->close_reader();
}

memory_pipe_writer& memory_pipe_writer::operator=(memory_pipe_writer&& other) noexcept {
    if (this == &other) return *this;
    close();
    state_ = detail::memory_pipe_hold(std::move(other.state_));
    return *this;
}
void memory_pipe_writer::close() noexcept {
    if (state_.get() != nullptr) state_.get()->close_writer();
}

memory_pipe_statistics memory_pipe_reader::statistics() const noexcept {
    return state_.get() != nullptr ? state_.get()->statistics()
                                   : memory_pipe_statistics(0, 0, 0, 0, 0);
}
memory_pipe_statistics memory_pipe_writer::statistics() const noexcept {
    return state_.get() != nullptr ? state_.get()->statistics()
                                   : memory_pipe_statistics(0, 0, 0, 0, 0);
}

memory_pipe::memory_pipe(std::size_t capacity) {
    auto* const state = new detail::memory_pipe_state(capacity);
    reader = memory_pipe_reader(*state);
    writer = memory_pipe_writer(*state);
}

}  // namespace weft
