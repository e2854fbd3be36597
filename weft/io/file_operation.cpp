#include "weft/io/file_operation.hpp"

#include "weft/core/operation_awaiter.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/io/attempt.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace weft::detail {

void give_up_file_operation(waiter& w) noexcept {
    auto& self = static_cast<file_operation&>(w);
    scheduler& home = this_scheduler();
    if (!self.on_thread_) {
        if (!self.cancelling) home.world().cancel(self);
        return;
    }
    if (!offload_pool::of(home).take_back(self)) return;
    home.world().await_real_work(false);
    self.abandon();
}

namespace {

constexpr wait_kind stream_read_kind{"read", &give_up_file_operation};
constexpr wait_kind stream_write_kind{"write", &give_up_file_operation};
constexpr wait_kind file_read_kind{"read of a file", &give_up_file_operation};
constexpr wait_kind file_write_kind{"write to a file", &give_up_file_operation};
constexpr wait_kind file_sync_kind{"sync of a file", &give_up_file_operation};

const wait_kind& file_kind_of(operation_code code) noexcept {
    switch (code) {
        case operation_code::read: return stream_read_kind;
        case operation_code::write: return stream_write_kind;
        case operation_code::read_at: return file_read_kind;
        case operation_code::write_at: return file_write_kind;
        default: return file_sync_kind;
    }
}

}  // namespace

file_operation::file_operation(operation_code c, int fd, void* bytes, std::size_t n,
                               std::int64_t offset) noexcept
    : remote_waiter(file_kind_of(c)),
      operation(c, fd, bytes, n, &completed),
      place_(bytes, offset) {
    if (is_of_file(c)) buffer = &place_;
}

bool file_operation::try_now() noexcept {
    driver& world = this_scheduler().world();
    if (world.is_of_kernel()) {
        if (world.submit(*this) == submission::pending) return false;
    } else {
        result = attempt(*this);  // what a file has does not depend on the world
    }
    return result != -EAGAIN || !is_of_file(code);
}

void file_operation::start() noexcept {
    if (pending)
        ++this_scheduler().operations;
    else
        submit_to_pool();
}

void file_operation::submit_to_pool() noexcept {
    scheduler& home = this_scheduler();
    on_thread_ = true;
    begin(home);
    home.world().await_real_work(true);
    try {
        offload_pool::of(home).submit(*this);
    } catch (...) {
        refused_ = std::current_exception();
        wake();
    }
}

void file_operation::run() noexcept {
    result = perform_on_file(*this);
    wake();
}

void file_operation::completed(operation& op) noexcept {
    auto& self = static_cast<file_operation&>(op);
    scheduler& home = this_scheduler();
    --home.operations;
    if (op.result == -EAGAIN && !op.cancelling)
        self.submit_to_pool();
    else if (op.cancelling && (op.result == -ECANCELED || op.result == -EAGAIN))
        home.abandon(*self.block);
    else
        home.wake(*self.block);
}

void file_operation::end_file_operation() {
    if (!on_thread_) return;
    this_scheduler().world().await_real_work(false);
    if (refused_) std::rethrow_exception(refused_);
}

int close_file(int descriptor) noexcept {
    driver* const world = the_scheduler == nullptr ? nullptr : &the_scheduler->world();
    if (world != nullptr && world->is_of_kernel()) return world->close(descriptor);
    return ::close(descriptor) == 0 || errno == EINTR ? 0 : -errno;
}

}  // namespace weft::detail
