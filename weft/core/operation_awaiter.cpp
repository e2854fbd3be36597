#include "weft/core/operation_awaiter.hpp"

#include <string>
#include <system_error>

namespace weft::detail {
namespace {

/// The end of the operation wakes the coroutine; its memory is the driver's until then.
void ask_for_its_end(waiter& w) noexcept {
    auto& self = static_cast<operation_waiter&>(w);
    if (self.cancelling) return;
    this_scheduler().world().cancel(self);
}

constexpr wait_kind readable{"a descriptor to be readable", &ask_for_its_end};
constexpr wait_kind writable{"a descriptor to be writable", &ask_for_its_end};
constexpr wait_kind reading{"read", &ask_for_its_end};
constexpr wait_kind writing{"write", &ask_for_its_end};
constexpr wait_kind receiving{"receive", &ask_for_its_end};
constexpr wait_kind sending{"send", &ask_for_its_end};
constexpr wait_kind accepting{"accept", &ask_for_its_end};
constexpr wait_kind connecting{"connect", &ask_for_its_end};
constexpr wait_kind sending_file{"sendfile", &ask_for_its_end};
constexpr wait_kind reading_file{"read of a file", &ask_for_its_end};
constexpr wait_kind writing_file{"write to a file", &ask_for_its_end};
constexpr wait_kind syncing{"sync of a file", &ask_for_its_end};

}  // namespace

// By `operation_code`.
const std::array<const wait_kind*, operation_code_count> operation_kinds{
    &readable,     &writable,     &reading,      &writing,   &receiving,
    &sending,      &receiving,    &sending,      &accepting, &connecting,
    &sending_file, &reading_file, &writing_file, &syncing,   &syncing,
};

std::system_error error_of(const operation& op) {
    return {static_cast<int>(-op.result), std::generic_category(),
            std::string(kind_of(op.code).what) + " of descriptor " + std::to_string(op.descriptor)};
}

std::size_t checked_result(const operation& op) {
    if (op.result >= 0) [[likely]]
        return static_cast<std::size_t>(op.result);
    throw error_of(op);
}

}  // namespace weft::detail
