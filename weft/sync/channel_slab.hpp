#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

/// Where channels keep items that leave in another order than they came.
namespace weft::detail {

/// Items that stay where they are: nothing is moved but in and out. It grows, and keeps what it has
/// grown to.
template <class T>
class channel_slab {
public:
    /// Makes room for `n` items more.
    void reserve(std::size_t n) {
        if (n == 0) return;
        blocks_.reserve(blocks_.size() + 1);
        blocks_.push_back(std::make_unique<cell[]>(n));
        last_count_ = n;
        for (std::size_t i = n; i-- > 0;) put_back(&blocks_.back()[i]);
    }
    /// What it throws has changed nothing.
    [[nodiscard]] T* add(T&& item) {
        if (free_ == nullptr)
            reserve(last_count_ < 4 ? 8 : last_count_ < 2048 ? 2 * last_count_ : 4096);
        cell* const c = free_;
        cell* const next = c->next;
        try {
            T* const added = ::new (static_cast<void*>(c->bytes)) T(std::move(item));
            free_ = next;
            return added;
        } catch (...) {
            c->next = next;  // its place was written to
            throw;
        }
    }
    void remove(T* item) noexcept {
        std::destroy_at(item);
        put_back(reinterpret_cast<cell*>(item));
    }

private:
    union cell {
        cell() noexcept : next(nullptr) {}
        cell* next;
        alignas(T) std::byte bytes[sizeof(T)];
    };
    void put_back(cell* c) noexcept {
        c->next = free_;
        free_ = c;
    }

    std::vector<std::unique_ptr<cell[]>> blocks_;
    cell* free_ = nullptr;
    std::size_t last_count_ = 0;
};

}  // namespace weft::detail
