#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/operation.hpp"
#include "weft/core/remote_wait.hpp"
#include "weft/io/offload_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

/// What takes as long as a disk does, without keeping the loop.
namespace weft::detail {

/// An operation of a file, or of what a path led to, by the first of these that can do it: at once,
/// from the page cache; by the loop's driver; on a thread of the loop's pool.
///
/// A cancellation waits for what has begun, and its result is given: nothing is lost. For
/// `awaiter<Derived, file_operation>`.
class WEFT_EXPORT file_operation : public remote_waiter, public operation, private offload_job {
public:
    file_operation(operation_code c, int fd, void* bytes, std::size_t n,
                   std::int64_t offset) noexcept;

    [[nodiscard]] bool try_now() noexcept;
    void start() noexcept;

protected:
    ~file_operation() = default;
    /// Throws what the pool did. To be called by `finish`.
    void end_file_operation();

private:
    friend void give_up_file_operation(waiter& w) noexcept;
    static void completed(operation& op) noexcept;
    void run() noexcept override;
    void submit_to_pool() noexcept;

    file_place place_;
    bool on_thread_ = false;
    std::exception_ptr refused_;
};

/// Closes the descriptor of a file that was opened here, whoever simulates the loop's world. 0, or
/// the negative of an errno.
WEFT_EXPORT int close_file(int descriptor) noexcept;

}  // namespace weft::detail
