#include "weft/pipeline/follow.hpp"

#include "weft/base/fd.hpp"
#include "weft/file/block_reader.hpp"
#include "weft/file/line_splitter.hpp"
#include "weft/file/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace weft {

/// Reads one file after the other, and knows when to go to the next.
///
/// Invariants:
/// 1. Nothing is given of a new file before the old one has been read to its end after the new one
///    was seen to hold something: a writer that changes from one to the other is read in order, and
///    whole.
/// 2. It waits only after it has looked at the file with the watches set.
class follow_source::follower {
public:
    explicit follower(std::string path);

    /// More whole lines, or the last one without an end. Empty when stopped.
    std::string_view next_block();

    void from_start() noexcept { offset_ = 0; }
    void stop_on(int fd) noexcept { watch_.stop_on(fd); }
    void on_idle(std::function<void()> callback) { on_idle_ = std::move(callback); }
    void line_bytes_max(std::size_t bytes) noexcept { buffer_.set_line_bytes_max(bytes); }

private:
    struct stat status(int fd) const;
    [[nodiscard]] unique_fd open(bool first) const;
    void change_to(unique_fd file) noexcept;
    bool read_more();
    [[nodiscard]] bool truncated() const;
    [[nodiscard]] bool holds_other_text() const;
    [[nodiscard]] unique_fd replacement() const;
    void begin_to_stop();
    void wait();
    [[nodiscard]] std::string attempt() const { return "following " + watch_.path(); }

    watch watch_;
    unique_fd file_;
    off_t offset_ = 0;
    line_buffer buffer_;
    std::function<void()> on_idle_;
    /// The last bytes before `offset_`: they tell a file that was truncated and has grown again.
    std::array<char, 64> seen_{};
    std::size_t seen_size_ = 0;
    /// Once told to stop: how many bytes it still reads, all that was there at that moment.
    std::optional<off_t> last_bytes_;
    bool woken_ = false;  // since the last look at `seen_`
    bool ended_ = false;
};

follow_source::follower::follower(std::string path) : watch_(std::move(path)) {
    file_ = open(true);
    watch_.hold(file_.get());
    if (file_) offset_ = status(file_.get()).st_size;
}

struct stat follow_source::follower::status(int fd) const {
    struct stat about{};
    if (::fstat(fd, &about) != 0) throw_system_error(errno, attempt());
    return about;
}

/// None if there is no such file. One that may not be read is an error at first; later it is waited
/// for, for a rotation may set the permissions after it has created the file.
unique_fd follow_source::follower::open(bool first) const {
    // Non-blocking: the open of a FIFO would wait for its writer.
    unique_fd file(::open(watch_.path().c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        if (!missing && (first || errno != EACCES)) throw_system_error(errno, attempt());
        return file;
    }
    const struct stat about = status(file.get());
    if (S_ISDIR(about.st_mode)) throw_system_error(EISDIR, attempt());
    if (!S_ISREG(about.st_mode)) throw_system_error(ESPIPE, attempt() + ": it is no regular file");
    return file;
}

void follow_source::follower::change_to(unique_fd file) noexcept {
    file_ = std::move(file);
    offset_ = 0;
    seen_size_ = 0;
    watch_.hold(file_.get());
}

std::string_view follow_source::follower::next_block() {
    while (!ended_) {
        if (!last_bytes_ && watch_.stopped()) begin_to_stop();
        if (truncated()) {
            offset_ = 0;
            seen_size_ = 0;
            const std::string_view rest = buffer_.rest();
            if (!rest.empty()) return rest;
        }
        woken_ = false;
        const bool more = read_more();
        unique_fd next = more ? unique_fd() : replacement();
        if (more || (next && read_more())) {  // Invariant 1: another look at the old one.
            const std::string_view block = buffer_.whole_lines();
            if (!block.empty()) return block;
        } else if (next) {
            change_to(std::move(next));
            const std::string_view rest = buffer_.rest();
            if (!rest.empty()) return rest;
        } else if (last_bytes_) {
            ended_ = true;
            return buffer_.rest();
        } else {
            wait();
        }
    }
    return {};
}

/// Adds what one read gives. False when there is nothing more at the moment.
bool follow_source::follower::read_more() {
    if (!file_ || (last_bytes_ && *last_bytes_ <= 0)) return false;
    const std::span<char> room = buffer_.room();
    if (room.empty()) throw_line_too_long(watch_.path(), buffer_.line_bytes_max());
    ssize_t count = 0;
    do {
        count = ::pread(file_.get(), room.data(), room.size(), offset_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw_system_error(errno, attempt());
    if (count == 0) return false;
    const auto size = static_cast<std::size_t>(count);
    buffer_.added(size);
    offset_ += count;
    if (last_bytes_) *last_bytes_ -= count;
    seen_size_ = std::min(size, seen_.size());
    std::copy_n(room.data() + (size - seen_size_), seen_size_, seen_.data());
    return true;
}

bool follow_source::follower::truncated() const {
    return file_ && (status(file_.get()).st_size < offset_ || (woken_ && holds_other_text()));
}

/// Whether what stands before `offset_` is not what was read there.
bool follow_source::follower::holds_other_text() const {
    std::array<char, sizeof seen_> now{};
    const ssize_t count =
        ::pread(file_.get(), now.data(), seen_size_, offset_ - static_cast<off_t>(seen_size_));
    if (count != static_cast<ssize_t>(seen_size_)) return false;
    if (std::equal(now.data(), now.data() + count, seen_.data())) return false;
    // A writer that does not append leaves a hole when its file is truncated and goes on behind it.
    return std::any_of(now.data(), now.data() + count, [](char c) { return c != '\0'; });
}

/// The file that the path leads to by now, if it is another one and it is time to change to it.
unique_fd follow_source::follower::replacement() const {
    unique_fd next = open(false);
    if (!next || !file_) return next;
    const struct stat now = status(next.get());
    const struct stat old = status(file_.get());
    const bool other = now.st_ino != old.st_ino || now.st_dev != old.st_dev;
    return other && now.st_size > 0 ? std::move(next) : unique_fd();
}

void follow_source::follower::begin_to_stop() {
    last_bytes_ = file_ ? std::max<off_t>(status(file_.get()).st_size - offset_, 0) : 0;
    if (const unique_fd next = replacement()) *last_bytes_ += status(next.get()).st_size;
}

void follow_source::follower::wait() {
    // With stale watches it only sets them, and returns at once to look again (invariant 2).
    if (!watch_.is_stale() && on_idle_) on_idle_();
    static_cast<void>(watch_.wait());
    woken_ = true;
}

follow_source::follow_source(std::string path)
    : follower_(std::make_unique<follower>(std::move(path))), lines_(split_lines(*follower_)) {}

follow_source::follow_source(follow_source&&) noexcept = default;
follow_source& follow_source::operator=(follow_source&&) noexcept = default;
follow_source::~follow_source() = default;

generator<std::string_view> follow_source::split_lines(follower& file) {
    std::string_view line;
    for (;;) {
        const std::string_view block = file.next_block();
        if (block.empty()) co_return;
        for (line_splitter split(block); split.next(line);) co_yield std::move(line);
    }
}

follow_source& follow_source::from_start() & noexcept {
    follower_->from_start();
    return *this;
}

follow_source& follow_source::stop_on(int fd) & noexcept {
    follower_->stop_on(fd);
    return *this;
}

follow_source& follow_source::on_idle(std::function<void()> callback) & {
    follower_->on_idle(std::move(callback));
    return *this;
}

follow_source& follow_source::line_bytes_max(std::size_t bytes) & noexcept {
    follower_->line_bytes_max(bytes);
    return *this;
}

follow_source follow(std::string path) {
    return follow_source(std::move(path));
}

}  // namespace weft
