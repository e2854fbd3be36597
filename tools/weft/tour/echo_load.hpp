#pragma once

#include "weft/net/address.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

/// Clients of an echo server, in processes of their own, so that what this process uses is the
/// server's.
namespace weft::tour {

struct load_plan {
    int processes;
    int connections;  ///< of each process; on each one message is on its way at a time
    std::chrono::milliseconds time;
};

struct load_result {
    std::uint64_t messages = 0;  ///< that came back as they were
    std::uint64_t errors = 0;
    double seconds = 0;
    static constexpr std::chrono::microseconds longest = std::chrono::seconds(1);
    std::chrono::microseconds p50{};  ///< `longest` when it is more than that
    std::chrono::microseconds p99{};

    [[nodiscard]] double per_second() const {
        return seconds > 0 ? static_cast<double>(messages) / seconds : 0;
    }
};

/// Client processes that wait for the word to begin.
///
/// They are made before the server has any descriptor, of which they would have copies otherwise:
/// a connection is not closed before its last copy is.
class echo_load {
public:
    /// Throws `std::system_error`.
    explicit echo_load(const load_plan& plan);
    echo_load(const echo_load&) = delete;
    echo_load& operator=(const echo_load&) = delete;
    /// Ends those that have not begun.
    ~echo_load();

    /// Lets them talk to the server, and waits until they have ended. Once.
    [[nodiscard]] load_result run(const address& server);

    static constexpr std::size_t message_size = 1024;

private:
    struct report;

    void end_all() noexcept;

    load_plan plan_;
    std::vector<int> processes_;
    int begin_ = -1;  // a pipe: the address of the server, for each
    report* reports_ = nullptr;
};

}  // namespace weft::tour
