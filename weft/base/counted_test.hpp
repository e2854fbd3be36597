#pragma once

#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <utility>

/// What tests share to prove how often objects are copied and whether all of them are destroyed.
namespace weft::testing {

/// How many `counted` objects were made in which way, and how many live, since the last `reset`.
struct counts {
    int copies = 0;
    int moves = 0;
    int live = 0;
    int fail_at = 0;  ///< the copy that throws, counted from now; 0: none
};

/// An object that reports its copies, moves and destruction. `Tag` gives a type counters of its
/// own; `Bytes` makes it large.
template <class Tag = void, std::size_t Bytes = 0>
class counted {
public:
    static inline counts now;
    static void reset() { now = {}; }
    /// The nth copy from here on throws `std::runtime_error`.
    static void fail_copy(int nth) { now.fail_at = nth; }

    explicit counted(int v = 0) : value(v) { ++now.live; }
    counted(const counted& other) : value(other.value) {
        if (now.fail_at > 0 && --now.fail_at == 0) throw std::runtime_error("a copy failed");
        ++now.copies;
        ++now.live;
    }
    counted(counted&& other) noexcept : value(std::exchange(other.value, -1)) {
        ++now.moves;
        ++now.live;
    }
    counted& operator=(const counted& other) {
        ++now.copies;
        value = other.value;
        return *this;
    }
    counted& operator=(counted&& other) noexcept {
        ++now.moves;
        value = std::exchange(other.value, -1);
        return *this;
    }
    ~counted() { --now.live; }

    int value;  ///< -1 once moved from

private:
    struct nothing {};
    struct ballast {
        std::byte bytes[Bytes + 1];
    };
    [[no_unique_address]] std::conditional_t<Bytes == 0, nothing, ballast> ballast_{};
};

/// Writes its name into a log when it is destroyed: for the order of destruction.
template <class Log>
class farewell {
public:
    farewell(Log& log, typename Log::value_type name) : log_(&log), name_(std::move(name)) {}
    farewell(farewell&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), name_(std::move(other.name_)) {}
    farewell& operator=(farewell&&) = delete;
    ~farewell() {
        if (log_ != nullptr) log_->push_back(name_);
    }

private:
    Log* log_;
    typename Log::value_type name_;
};

}  // namespace weft::testing
