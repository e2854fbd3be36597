#pragma once

#include "weft/core/driver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// What tests of drivers share.
namespace weft::testing {

/// An operation that counts its completions.
class request : public operation {
public:
    request(operation_code c, int fd, void* bytes = nullptr, std::size_t n = 0) noexcept
        : operation(c, fd, bytes, n, [](operation& op) noexcept {
              auto& self = static_cast<request&>(op);
              ++self.completions;
              if (self.then) self.then();
          }) {}
    request(operation_code c, int fd, std::string& bytes) noexcept
        : request(c, fd, bytes.data(), bytes.size()) {}

    int completions = 0;
    bool done_at_once = false;
    std::function<void()> then;

    [[nodiscard]] bool is_complete() const noexcept { return done_at_once || completions > 0; }
};

/// Drives operations to their ends.
class world {
public:
    explicit world(driver& d) noexcept : driver_(d) {}

    request& start(request& r) {
        r.done_at_once = driver_.submit(r) == submission::done;
        EXPECT_EQ(r.completions, 0) << "submit does not complete";
        EXPECT_EQ(r.pending, !r.done_at_once);
        return r;
    }

    void poll() { driver_.park(clock::time_point::min()); }

    /// Parks until `r` is complete; fails after an unreasonable time.
    std::int64_t finish(request& r) {
        return wait_until([&] { return r.is_complete(); }) ? r.result : INT64_MIN;
    }

    bool wait_until(const std::function<bool()>& is_so) {
        const clock::time_point limit = driver_.now() + std::chrono::seconds(20);
        while (!is_so() && driver_.now() < limit) driver_.park(limit);
        EXPECT_TRUE(is_so()) << "waited too long";
        return is_so();
    }

    std::int64_t run(operation_code code, int fd, void* bytes = nullptr, std::size_t n = 0) {
        request r(code, fd, bytes, n);
        return finish(start(r));
    }

    /// One write, of as much as the driver likes.
    std::int64_t write_some(int fd, std::string_view bytes) {
        return run(operation_code::write, fd, const_cast<char*>(bytes.data()), bytes.size());
    }

    void write_all(int fd, std::string_view bytes) {
        while (!bytes.empty()) {
            const std::int64_t written = write_some(fd, bytes);
            ASSERT_GT(written, 0);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    /// As many bytes as asked for, or what there is until the end.
    std::string read_all(int fd, std::size_t count) {
        std::string bytes(count, '\0');
        std::size_t have = 0;
        while (have < count) {
            const std::int64_t got =
                run(operation_code::read, fd, bytes.data() + have, count - have);
            EXPECT_GE(got, 0);
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }

private:
    driver& driver_;
};

/// What a pipe holds, in Linux and in the simulator.
inline constexpr std::size_t pipe_bytes = std::size_t{64} * 1024;

}  // namespace weft::testing
