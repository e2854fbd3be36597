#include "weft/io/owned_descriptor.hpp"

#include "weft/base/fd.hpp"
#include "weft/core/scheduler.hpp"

#include <cerrno>
#include <unistd.h>

namespace weft {

owned_descriptor owned_descriptor::adopt(int number) {
    unique_fd kept(number);
    driver& world = detail::scheduler_for("owned_descriptor::adopt()").world();
    const int result = world.adopt(number);
    if (result < 0) {
        // Not the kernel's, where the world is simulated.
        if (result == -EBADF) static_cast<void>(kept.release());
        throw_system_error(-result, "adopting " + describe_fd(number));
    }
    return owned_descriptor(kept.release());
}

void owned_descriptor::close() noexcept {
    const int number = std::exchange(number_, -1);
    if (number < 0) return;
    // A loop that has ended took the descriptors of its own world with it.
    if (detail::the_scheduler != nullptr)
        detail::the_scheduler->world().close(number);
    else
        ::close(number);
}

}  // namespace weft
