#pragma once

#include "weft/base/export.hpp"
#include "weft/core/operation_queue.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace weft::detail {

/// What a driver knows of one descriptor number.
struct descriptor_entry {
    /// Who waits for input and for output, those that came first in front.
    std::array<operation_queue, 2> waiting;
    /// Which life of the number this is: a number is reused as soon as it is closed, and an event
    /// of the file that had it before must not be taken for one of the file that has it now.
    std::uint32_t generation = 0;
    /// It is in the epoll set, as far as the driver knows.
    bool is_watched = false;
    /// `driver::adopt` has seen it: whoever opened it will close it by `driver::close`, so that
    /// what is known of it stays true.
    bool is_adopted = false;
    /// The last receive got less than it asked for, and no event has come since.
    bool is_drained = false;
    /// An end, an error or urgent data was reported: `is_drained` is never set again.
    bool is_strange = false;
    /// It is in a driver's list of those that have something to tell the kernel; `next_due` is the
    /// number after it there, or -1.
    bool is_due = false;
    int next_due = -1;

    [[nodiscard]] operation_queue& queue(direction d) noexcept {
        return waiting[static_cast<std::size_t>(d)];
    }
};

/// Who waits on which descriptor. Indexed by the number, which the kernel keeps small; in chunks,
/// so that an entry does not move and a table of few descriptors is small. One thread.
class WEFT_EXPORT descriptor_table {
public:
    /// Null when nothing was ever noted of it.
    [[nodiscard]] descriptor_entry* find(int fd) noexcept {
        const auto at = static_cast<std::size_t>(fd) / chunk_size;
        if (fd < 0 || at >= chunks_.size() || chunks_[at] == nullptr) return nullptr;
        return &(*chunks_[at])[static_cast<std::size_t>(fd) % chunk_size];
    }
    /// One past the greatest number that it may have something of.
    [[nodiscard]] int end() const noexcept { return static_cast<int>(chunks_.size() * chunk_size); }
    /// Null when there is no memory. REQUIRES: `fd` is not negative.
    [[nodiscard]] descriptor_entry* obtain(int fd) noexcept;

    /// What an event of `fd` carries, and back: the entry, unless the number has another life now.
    [[nodiscard]] static std::uint64_t tag(int fd, const descriptor_entry& entry) noexcept {
        return std::uint64_t{entry.generation} << 32 | static_cast<std::uint32_t>(fd);
    }
    [[nodiscard]] descriptor_entry* find_tagged(std::uint64_t tag) noexcept {
        descriptor_entry* const entry = find(static_cast<int>(tag & 0xffff'ffffu));
        return entry != nullptr && entry->generation == tag >> 32 ? entry : nullptr;
    }

    /// Ends this life of the number. Its queues are untouched.
    static void retire(descriptor_entry& entry) noexcept {
        ++entry.generation;
        entry.is_watched = entry.is_adopted = entry.is_drained = entry.is_strange = false;
    }

private:
    static constexpr std::size_t chunk_size = 128;
    using chunk = std::array<descriptor_entry, chunk_size>;

    std::vector<std::unique_ptr<chunk>> chunks_;
};

}  // namespace weft::detail
