#include "weft/xml/xml_batch.hpp"

#include <cstring>

namespace weft::detail {

char* xml_batch::allocate(std::size_t n) {
    n = (n + alignof(char*) - 1) / alignof(char*) * alignof(char*);
    bytes_ += n;
    if (block_ == nullptr) block_ = std::make_unique<char[]>(block_bytes);
    if (n <= block_bytes - used_) {
        used_ += n;
        return block_.get() + used_ - n;
    }
    large_.push_back(std::make_unique<char[]>(n));
    return large_.back().get();
}

const char* xml_batch::copy(const char* text, std::size_t n) {
    char* const to = allocate(n + 1);
    std::memcpy(to, text, n);
    to[n] = '\0';
    return to;
}

void xml_batch::add(const xml_event& event) {
    xml_event& own = events_.emplace_back(event);
    own.at_ = event.position();
    own.name_ = copy(event.name_, std::strlen(event.name_));
    own.text_ = copy(event.text_, event.text_size_);
    if (!event.is_start()) return;
    std::size_t n = 0;
    while (event.attributes_[n] != nullptr) ++n;
    auto** const all = new (allocate((n + 1) * sizeof(char*))) const char*[n + 1];
    for (std::size_t i = 0; i < n; ++i)
        all[i] = copy(event.attributes_[i], std::strlen(event.attributes_[i]));
    all[n] = nullptr;
    own.attributes_ = all;
}

void xml_batch::clear() noexcept {
    events_.clear();
    large_.clear();
    used_ = 0;
    bytes_ = 0;
}

}  // namespace weft::detail
