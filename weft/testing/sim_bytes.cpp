#include "weft/testing/sim_bytes.hpp"

#include <algorithm>
#include <utility>

namespace weft::testing {
namespace {

/// Up to here small pieces are put together.
constexpr std::size_t chunk_max = 4096;

}  // namespace

void sim_bytes::append(std::string bytes, sim_files files) {
    size_ += bytes.size();
    if (files.empty() && !chunks_.empty() && chunks_.back().files.empty() &&
        chunks_.back().bytes.size() + bytes.size() <= chunk_max)
        chunks_.back().bytes += bytes;
    else
        chunks_.push_back({std::move(bytes), 0, std::move(files)});
}

std::string sim_bytes::take(std::size_t size, sim_files& files) {
    std::string taken;
    while (taken.size() < size && !chunks_.empty()) {
        chunk& first = chunks_.front();
        const std::size_t count = std::min(size - taken.size(), first.bytes.size() - first.begin);
        taken.append(first.bytes, first.begin, count);
        first.begin += count;
        files = std::exchange(first.files, {});
        if (first.begin == first.bytes.size()) chunks_.pop_front();
        if (!files.empty()) break;
    }
    size_ -= taken.size();
    return taken;
}

void sim_bytes::clear() noexcept {
    // Files may own the socket that owns these.
    const std::deque<chunk> dropped = std::exchange(chunks_, {});
    size_ = 0;
}

}  // namespace weft::testing
