#include "weft/testing/sim_message.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

namespace weft::testing {
namespace {

constexpr std::size_t files_max = 253;  // SCM_MAX_FD

std::span<iovec> buffers_of(const msghdr& message) noexcept {
    return {message.msg_iov, message.msg_iovlen};
}

}  // namespace

std::size_t message_size(const msghdr& message) noexcept {
    std::size_t size = 0;
    for (const iovec& part : buffers_of(message)) size += part.iov_len;
    return size;
}

std::string gather(const msghdr& message, std::size_t size) {
    std::string bytes;
    for (const iovec& part : buffers_of(message))
        bytes.append(static_cast<const char*>(part.iov_base),
                     std::min(part.iov_len, size - bytes.size()));
    return bytes;
}

void scatter(std::string_view bytes, const msghdr& message) noexcept {
    for (const iovec& part : buffers_of(message)) {
        const std::size_t count = std::min(part.iov_len, bytes.size());
        std::memcpy(part.iov_base, bytes.data(), count);
        bytes.remove_prefix(count);
        if (bytes.empty()) return;
    }
}

int files_of(const msghdr& message, const sim_descriptors& open, sim_files& files) {
    auto& whole = const_cast<msghdr&>(message);  // CMSG_NXTHDR takes no const one
    for (cmsghdr* part = CMSG_FIRSTHDR(&whole); part != nullptr; part = CMSG_NXTHDR(&whole, part)) {
        if (part->cmsg_len < CMSG_LEN(0)) return -EINVAL;
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
            const sim_descriptor* const passed = open.find(number);
            if (passed == nullptr) return -EBADF;
            if (files.size() == files_max) return -EINVAL;
            files.push_back(passed->endpoint);
        }
    }
    return 0;
}

void deliver_files(const sim_files& files, sim_descriptors& open, msghdr& message) {
    const std::size_t room = message.msg_control == nullptr ? 0 : message.msg_controllen;
    message.msg_controllen = 0;
    if (files.empty()) return;
    const std::size_t fit =
        room < CMSG_LEN(0) ? 0 : std::min(files.size(), (room - CMSG_LEN(0)) / sizeof(int));
    std::vector<int> numbers;
    while (numbers.size() < fit && open.has_room())
        numbers.push_back(open.open(files[numbers.size()]));
    if (numbers.size() < files.size()) message.msg_flags |= MSG_CTRUNC;
    if (numbers.empty()) return;
    auto* const part = static_cast<cmsghdr*>(message.msg_control);
    const std::size_t size = numbers.size() * sizeof(int);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(part), numbers.data(), size);
    message.msg_controllen = std::min(room, CMSG_SPACE(size));
}

}  // namespace weft::testing
