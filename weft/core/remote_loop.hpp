#pragma once

#include "weft/base/export.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/loop_calls.hpp"

#include <memory>
#include <utility>

/// What another thread keeps of a loop.
namespace weft {

/// A loop as seen from outside: any thread may use it, copy it and keep it for longer than the loop
/// lives. While one is left, the loop does not call itself deadlocked: it waits, since this may
/// wake it (R6).
///
/// ```cpp
/// weft::task<int> fed_by_a_thread() {
///     int sum = 0;
///     std::thread feeder([home = weft::loop::current().remote(), &sum] {
///         for (int i = 1; i <= 3; ++i) home.post([&sum, i] { sum += i; });
///     });
///     while (sum < 6) co_await weft::sleep(std::chrono::milliseconds(1));
///     feeder.join();
///     co_return sum;
/// }
/// ```
class WEFT_EXPORT remote_loop {
public:
    explicit remote_loop(std::shared_ptr<detail::inbox> mail) noexcept : mail_(std::move(mail)) {
        mail_->hold();
    }
    remote_loop(const remote_loop& other) noexcept : mail_(other.mail_) {
        if (mail_ != nullptr) mail_->hold();
    }
    remote_loop(remote_loop&& other) noexcept = default;
    remote_loop& operator=(remote_loop other) noexcept {
        mail_.swap(other.mail_);
        return *this;
    }
    ~remote_loop() {
        if (mail_ != nullptr) mail_->let_go();
    }

    /// As `loop::post`: has `f()` called by the loop. False when it is closed.
    template <class F>
    bool post(F&& f) const {
        return mail_ != nullptr && detail::post_call(*mail_, std::forward<F>(f));
    }
    /// True for good as soon as it is.
    [[nodiscard]] bool closed() const noexcept { return mail_ == nullptr || mail_->closed(); }

    // Used by spawn_on().
    [[nodiscard]] const std::shared_ptr<detail::inbox>& mail() const noexcept { return mail_; }

private:
    std::shared_ptr<detail::inbox> mail_;
};

}  // namespace weft
