#pragma once

#include "weft/base/export.hpp"
#include "weft/xml/xml_event.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace weft::detail {

/// Copies of some events and of all that they refer to.
class WEFT_EXPORT xml_batch {
public:
    /// Enough: the parser is to pause. One more may come then.
    [[nodiscard]] bool is_full() const noexcept {
        return events_.size() >= events_enough || bytes_ >= bytes_enough;
    }
    void add(const xml_event& event);
    void clear() noexcept;
    [[nodiscard]] const std::vector<xml_event>& events() const noexcept { return events_; }

private:
    static constexpr std::size_t events_enough = 64;
    static constexpr std::size_t bytes_enough = 64 << 10;
    static constexpr std::size_t block_bytes = 16 << 10;

    [[nodiscard]] char* allocate(std::size_t n);
    [[nodiscard]] const char* copy(const char* text, std::size_t n);

    std::vector<xml_event> events_;
    std::vector<std::unique_ptr<char[]>> large_;
    std::unique_ptr<char[]> block_;  // of `block_bytes`, used again for each batch
    std::size_t used_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace weft::detail
