#pragma once

#include <utility>

/// For tests: an item that counts how often it is copied and moved.
namespace weft::pipeline_test {

struct counts {
    int copies = 0;
    int moves = 0;
};

class counted {
public:
    counted(int value, counts& counts) : value_(value), counts_(&counts) {}
    counted(const counted& other) : value_(other.value_), counts_(other.counts_) {
        ++counts_->copies;
    }
    counted(counted&& other) noexcept : value_(other.value_), counts_(other.counts_) {
        ++counts_->moves;
    }
    counted& operator=(const counted& other) {
        value_ = other.value_;
        counts_ = other.counts_;
        ++counts_->copies;
        return *this;
    }
    counted& operator=(counted&& other) noexcept {
        value_ = other.value_;
        counts_ = other.counts_;
        ++counts_->moves;
        return *this;
    }
    ~counted() = default;
    [[nodiscard]] int value() const { return value_; }

private:
    int value_;
    counts* counts_;
};

}  // namespace weft::pipeline_test
