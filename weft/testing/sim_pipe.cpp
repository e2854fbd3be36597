#include "weft/testing/sim_pipe.hpp"

#include "weft/base/check.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace weft::testing {

using detail::direction;

namespace {

/// What both ends share. `bytes` holds what is in the pipe from `begin` on; the part before is
/// given up when it is the larger, so that each byte is moved once at most.
struct sim_pipe {
    explicit sim_pipe(std::size_t most) : capacity(most) {}

    std::vector<char> bytes;
    std::size_t begin = 0;
    std::size_t capacity;
    // Who is told of changes; null when it is gone.
    sim_endpoint* reader = nullptr;
    sim_endpoint* writer = nullptr;

    [[nodiscard]] std::size_t size() const noexcept { return bytes.size() - begin; }
    [[nodiscard]] std::size_t room() const noexcept { return capacity - size(); }
    [[nodiscard]] bool has_reader() const noexcept { return reader != nullptr; }
    [[nodiscard]] bool has_writer() const noexcept { return writer != nullptr; }
    void changed() const noexcept {
        if (reader != nullptr) reader->changed();
        if (writer != nullptr) writer->changed();
    }
};

class sim_reader final : public sim_endpoint {
public:
    explicit sim_reader(std::shared_ptr<sim_pipe> pipe) : pipe_(std::move(pipe)) {
        pipe_->reader = this;
    }
    ~sim_reader() override {
        pipe_->reader = nullptr;
        pipe_->changed();
    }

    /// poll(2) says POLLHUP to whoever asks the end for reading whether it can write.
    [[nodiscard]] bool is_ready(direction way) const noexcept override {
        return !pipe_->has_writer() || (way == direction::in && pipe_->size() > 0);
    }
    [[nodiscard]] std::size_t available(direction) const noexcept override { return pipe_->size(); }
    [[nodiscard]] int permits(direction way) const noexcept override {
        return way == direction::in ? 0 : -EBADF;
    }

    std::int64_t read(void* bytes, std::size_t size) override {
        if (pipe_->size() == 0) return pipe_->has_writer() && size > 0 ? -EAGAIN : 0;
        const std::size_t count = std::min(size, pipe_->size());
        const auto from = pipe_->bytes.begin() + static_cast<std::ptrdiff_t>(pipe_->begin);
        std::copy_n(from, count, static_cast<char*>(bytes));
        pipe_->begin += count;
        if (2 * pipe_->begin >= pipe_->bytes.size()) {
            const auto rest = pipe_->bytes.begin() + static_cast<std::ptrdiff_t>(pipe_->begin);
            pipe_->bytes.erase(pipe_->bytes.begin(), rest);
            pipe_->begin = 0;
        }
        pipe_->changed();
        return static_cast<std::int64_t>(count);
    }
    std::int64_t write(const void*, std::size_t) override { return -EBADF; }

private:
    std::shared_ptr<sim_pipe> pipe_;
};

class sim_writer final : public sim_endpoint {
public:
    explicit sim_writer(std::shared_ptr<sim_pipe> pipe) : pipe_(std::move(pipe)) {
        pipe_->writer = this;
    }
    ~sim_writer() override {
        pipe_->writer = nullptr;
        pipe_->changed();
    }

    /// poll(2) says POLLERR to whoever asks the end for writing whether it can read.
    [[nodiscard]] bool is_ready(direction way) const noexcept override {
        return !pipe_->has_reader() || (way == direction::out && pipe_->room() > 0);
    }
    [[nodiscard]] std::size_t available(direction) const noexcept override {
        return pipe_->has_reader() ? pipe_->room() : 0;
    }
    [[nodiscard]] int permits(direction way) const noexcept override {
        return way == direction::out ? 0 : -EBADF;
    }

    std::int64_t read(void*, std::size_t) override { return -EBADF; }
    std::int64_t write(const void* bytes, std::size_t size) override {
        if (size == 0) return 0;
        if (!pipe_->has_reader()) return -EPIPE;
        if (pipe_->room() == 0) return -EAGAIN;
        const std::size_t count = std::min(size, pipe_->room());
        const char* const from = static_cast<const char*>(bytes);
        pipe_->bytes.insert(pipe_->bytes.end(), from, from + count);
        pipe_->changed();
        return static_cast<std::int64_t>(count);
    }

private:
    std::shared_ptr<sim_pipe> pipe_;
};

}  // namespace

std::array<std::shared_ptr<sim_endpoint>, 2> make_sim_pipe(std::size_t capacity) {
    WEFT_CHECK(capacity > 0, "a pipe without room would never pass a byte");
    const auto pipe = std::make_shared<sim_pipe>(capacity);
    return {std::make_shared<sim_reader>(pipe), std::make_shared<sim_writer>(pipe)};
}

}  // namespace weft::testing
