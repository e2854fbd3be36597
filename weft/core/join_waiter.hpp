#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/waiter.hpp"

/// Waiting for the end of a coroutine.
namespace weft::detail {

/// A waiter in the list of a block's joiners.
class WEFT_EXPORT join_waiter : public waiter {
public:
    explicit join_waiter(const wait_kind& k) noexcept : waiter(k) {}

    void link(control_block& to) noexcept;
    /// Does nothing when the coroutine has ended.
    void unlink() noexcept;

    /// Called when the coroutine has ended, in place of waking `block`, if set.
    void (*ended)(join_waiter& w) noexcept = nullptr;
    control_block* target = nullptr;  ///< set while it is linked
    /// The next in the circular list of those who wait for the same.
    [[nodiscard]] join_waiter* next() const noexcept { return next_; }

protected:
    ~join_waiter() = default;

private:
    friend void wake_joiners(control_block& b) noexcept;
    join_waiter* prev_ = nullptr;
    join_waiter* next_ = nullptr;
};

/// In the order of their waiting.
void wake_joiners(control_block& b) noexcept;

}  // namespace weft::detail
