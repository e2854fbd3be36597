#pragma once

#include "latency_histogram.hpp"

#include "weft/net/address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What `weft load` is to do, and what it found.
namespace weft::tool {

/// What answers must be.
enum class expected_answer : std::uint8_t {
    same,   ///< what was sent
    upper,  ///< that in upper case
    any,    ///< as many bytes
};

/// What the connections' coroutines are.
enum class coroutine_kind : std::uint8_t { task, fiber, both };

struct load_plan {
    std::string target;  // HOST:PORT, as it was given
    std::size_t connections = 50;
    double seconds = 10;
    double warm_up_seconds = 1;
    std::size_t size = 64;
    double connects_a_second = 5'000;
    double connect_timeout_seconds = 5;
    expected_answer expected = expected_answer::same;
    coroutine_kind kind = coroutine_kind::task;
};

struct load_result {
    std::size_t connected = 0;  // when measuring began
    double connecting_seconds = 0;
    double seconds = 0;                           // that were measured
    std::uint64_t requests = 0;                   // answered in that time
    latency_histogram latency;                    // of each of them
    std::map<std::string, std::uint64_t> errors;  // in all the time
    bool interrupted = false;

    [[nodiscard]] double requests_a_second() const noexcept {
        return seconds > 0 ? static_cast<double>(requests) / seconds : 0;
    }
};

/// The messages of a run, shared by its connections: lines of text, so that servers of lines answer
/// them too, several, so that an answer that was meant for another connection is noticed.
class load_messages {
public:
    load_messages(std::size_t size, expected_answer expected);

    [[nodiscard]] std::string_view sent(std::size_t connection) const noexcept {
        return sent_[connection % different];
    }
    /// Empty when any answer will do.
    [[nodiscard]] std::string_view expected(std::size_t connection) const noexcept {
        return answers_.empty() ? std::string_view() : answers_[connection % different];
    }

    static constexpr std::size_t different = 7;

private:
    std::vector<std::string> sent_;
    std::vector<std::string> answers_;
};

/// How far an answer has come.
class load_answer {
public:
    /// `expected` may be empty: then `size` bytes of any kind.
    load_answer(std::size_t size, std::string_view expected) noexcept
        : left_(size), expected_(expected) {}
    [[nodiscard]] bool complete() const noexcept { return left_ == 0; }
    [[nodiscard]] std::size_t left() const noexcept { return left_; }
    /// Takes what was read, at most `left()` bytes; 0 is the end. Throws `load_error`.
    void take(const char* bytes, std::size_t n);

private:
    std::size_t left_;
    std::string_view expected_;
};

/// Of a server's conduct.
class load_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Where connection `number` comes from. One address has some 28,000 ports: beyond
/// `connections_an_address` to a loopback address of IPv4, others of 127.0.0.0/8 are taken. None:
/// the kernel decides.
[[nodiscard]] address source_of(std::size_t number, std::size_t connections, const address& target);

inline constexpr std::size_t connections_an_address = 20'000;

/// An error in few words that do not differ from one to the next: what a count is kept for.
[[nodiscard]] std::string kind_of_error(const std::exception_ptr& error);

}  // namespace weft::tool
