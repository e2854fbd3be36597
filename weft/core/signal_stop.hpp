#pragma once

#include "weft/base/export.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/signal_hub.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <memory>

/// SIGINT and SIGTERM stop `run`.
namespace weft::detail {

/// For as long as it lives, where the two would end the process: the first one that comes is posted
/// to a loop, the second ends the process as if nobody had caught it. Is there before that loop and
/// goes after it, as a letter may be on its way.
class WEFT_EXPORT signal_stop {
public:
    signal_stop() noexcept;
    signal_stop(const signal_stop&) = delete;
    signal_stop& operator=(const signal_stop&) = delete;
    /// One that came too late to stop anything is raised again: its effect is the usual one.
    ~signal_stop();

    /// Whether a signal may come. Once.
    bool attach(std::shared_ptr<inbox> to);

private:
    struct node : signal_node {
        signal_stop* owner = nullptr;
        bool is_added = false;
    };
    struct letter : posted {
        explicit letter(signal_stop& s) noexcept;
        signal_stop& owner;
    };

    std::shared_ptr<inbox> to_;
    std::array<node, 2> nodes_;
    std::atomic<int> caught_ = 0;
    std::atomic<bool> taken_ = false;
    letter letter_;
};

}  // namespace weft::detail
