#include "weft/testing/sim_endpoint.hpp"

#include "weft/testing/sim_descriptors.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <unistd.h>

namespace weft::testing {

using detail::direction;
using detail::direction_of;

namespace {

/// The most that one `send_file` moves here.
constexpr std::size_t file_part_max = std::size_t{64} * 1024;

std::int64_t send_file(sim_endpoint& to, const operation& op, const sim_chance& chance) {
    const auto& from = *static_cast<const file_part*>(op.buffer);
    const std::size_t room = to.available(direction::out);
    // Without room `write` says why.
    const std::size_t size = std::min({op.size, room, file_part_max});
    if (size == 0) return to.write("", std::min<std::size_t>(op.size, 1));
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(from.file, bytes.data(), chance.part_of(size), from.offset);
    if (got <= 0) return got == 0 ? 0 : -errno;
    return to.write(bytes.data(), static_cast<std::size_t>(got));
}

}  // namespace

sim_endpoint::~sim_endpoint() = default;

bool sim_endpoint::can_perform(const operation& op) const noexcept {
    return is_ready(direction_of(op.code));
}

int sim_endpoint::refusal(const operation& op) const noexcept {
    using enum operation_code;
    switch (op.code) {
        case readable:
        case writable: return 0;
        case read:
        case write:
        case send_file: return permits(direction_of(op.code));
        default: return -ENOTSOCK;
    }
}

std::int64_t sim_endpoint::perform(const operation& op, const sim_chance& chance) {
    using code = operation_code;
    const auto part = [&](direction way) {
        const std::size_t possible = std::min(op.size, available(way));
        return possible == 0 ? op.size : chance.part_of(possible);
    };
    switch (op.code) {
        case code::readable:
        case code::writable: return 0;
        case code::read:
        case code::receive: return read(op.buffer, part(direction::in));
        case code::write:
        case code::send: return write(op.buffer, part(direction::out));
        case code::send_file: return testing::send_file(*this, op, chance);
        default: return -ENOTSOCK;
    }
}

void sim_endpoint::changed() noexcept {
    for (sim_descriptor* home : homes_) table_->refresh(home);
}

}  // namespace weft::testing
