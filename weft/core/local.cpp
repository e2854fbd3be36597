#include "weft/core/local.hpp"

#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

namespace weft::detail {
namespace {

constinit thread_local local_values* of_thread = nullptr;

void drop_map(local_values* map) noexcept {
    if (map == nullptr || --map->holders > 0) return;
    for (local_value* const v : map->sorted) drop_local(v);
    delete map;
}

/// A destructor may set something again.
void drop_all(local_values*& map) noexcept {
    while (map != nullptr) drop_map(std::exchange(map, nullptr));
}

/// What is left when the thread ends.
struct locals_end {
    locals_end() noexcept {}
    ~locals_end() { drop_all(of_thread); }
    void arm() noexcept {}
};
thread_local locals_end at_locals_end;

const control_block* running_block() noexcept {
    return the_scheduler != nullptr ? the_scheduler->current() : nullptr;
}

local_values*& of_caller() noexcept {
    control_block* const b = the_scheduler != nullptr ? the_scheduler->current() : nullptr;
    if (b != nullptr) return b->locals;
    at_locals_end.arm();
    return of_thread;
}

auto place_in(std::vector<local_value*>& sorted, std::uint64_t key) noexcept {
    return std::ranges::lower_bound(sorted, key, {}, &local_value::key);
}

/// A map that only the caller has, with room for one more.
std::unique_ptr<local_values> own_map(const local_values* shared) {
    auto own = std::make_unique<local_values>();
    if (shared == nullptr) return own;
    own->sorted.reserve(shared->sorted.size() + 1);
    own->sorted = shared->sorted;
    for (local_value* const v : own->sorted) ++v->holders;
    return own;
}

}  // namespace

std::uint64_t next_local_key() noexcept {
    static constinit std::atomic<std::uint64_t> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

const local_value* find_local(std::uint64_t key) noexcept {
    const control_block* const b = running_block();
    local_values* const map = b != nullptr ? b->locals : of_thread;
    if (map == nullptr) return nullptr;
    const auto at = place_in(map->sorted, key);
    return at != map->sorted.end() && (*at)->key == key ? *at : nullptr;
}

local_value* exchange_local(std::uint64_t key, local_value* to) {
    local_values*& map = of_caller();
    if (to == nullptr && find_local(key) == nullptr) return nullptr;
    if (map == nullptr || map->holders > 1) {
        std::unique_ptr<local_values> own = own_map(map);
        own->sorted.reserve(own->sorted.size() + 1);
        drop_map(std::exchange(map, own.release()));
    }
    std::vector<local_value*>& sorted = map->sorted;
    const auto at = place_in(sorted, key);
    if (at == sorted.end() || (*at)->key != key) {
        sorted.insert(at, to);
        return nullptr;
    }
    if (to != nullptr) return std::exchange(*at, to);
    local_value* const before = *at;
    sorted.erase(at);
    return before;
}

void drop_local(local_value* v) noexcept {
    if (v != nullptr && --v->holders == 0) v->destroy(v);
}

local_values* locals_to_inherit(const control_block* by) noexcept {
    local_values* const map = by != nullptr ? by->locals : of_thread;
    if (map != nullptr) ++map->holders;
    return map;
}

carried_locals::carried_locals() {
    const control_block* const b = running_block();
    const local_values* const from = b != nullptr ? b->locals : of_thread;
    if (from == nullptr) [[likely]]
        return;
    auto own = std::make_unique<local_values>();
    own->sorted.reserve(from->sorted.size());
    try {
        for (const local_value* const v : from->sorted)
            if (v->copy != nullptr) own->sorted.push_back(v->copy(v));
    } catch (...) {
        drop_map(own.release());
        throw;
    }
    map_ = own.release();
}

carried_locals::~carried_locals() {
    drop_map(map_);
}

carried_locals::given::given(carried_locals& to_give) noexcept
    : before_(std::exchange(of_thread, std::exchange(to_give.map_, nullptr))) {
    at_locals_end.arm();
}
carried_locals::given::~given() {
    drop_map(std::exchange(of_thread, before_));
}

void drop_locals(control_block& b) noexcept {
    drop_all(b.locals);
}

coroutine_id running_coroutine() noexcept {
    const control_block* const b = running_block();
    return b != nullptr ? b->id() : 0;
}

}  // namespace weft::detail

namespace weft {

local_guard::~local_guard() {
    const bool here = detail::running_coroutine() == in_;
    detail::drop_local(here ? detail::exchange_local(key_, before_) : before_);
}

}  // namespace weft
