#pragma once

#include "weft/base/export.hpp"
#include "weft/testing/sim_descriptors.hpp"
#include "weft/testing/sim_socket.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/socket.h>

/// The parts of a msghdr.
namespace weft::testing {

/// The bytes that the buffers of a message hold, or have room for.
[[nodiscard]] WEFT_EXPORT std::size_t message_size(const msghdr& message) noexcept;
/// The first `size` bytes of its buffers.
[[nodiscard]] WEFT_EXPORT std::string gather(const msghdr& message, std::size_t size);
/// Writes `bytes` to its buffers, as many as there is room for.
WEFT_EXPORT void scatter(std::string_view bytes, const msghdr& message) noexcept;

/// What it passes by SCM_RIGHTS. 0, or the negative of an errno.
[[nodiscard]] WEFT_EXPORT int files_of(const msghdr& message, const sim_descriptors& open,
                                       sim_files& files);
/// Opens `files` and says so in the control part of `message`; those for which there is no room
/// are dropped, with MSG_CTRUNC.
WEFT_EXPORT void deliver_files(const sim_files& files, sim_descriptors& open, msghdr& message);

}  // namespace weft::testing
