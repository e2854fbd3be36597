#pragma once

#include "weft/base/error.hpp"
#include "weft/base/thrown_test.hpp"
#include "weft/core/kinds_test.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// What the tests of this layer share.
namespace weft::testing {

template <class Make>
using handles_of = std::vector<join_handle<made_by<Make>>>;

/// Begins `n` coroutines of that kind, each of which waits before the next begins.
template <class Make>
[[nodiscard]] handles_of<Make> spawn_waiting(coroutine_kind kind, int n, Make make) {
    handles_of<Make> all;
    for (int i = 0; i < n; ++i) {
        all.push_back(spawn_as(kind, make));
        until_it_waits(all.back());
    }
    return all;
}

/// Lets all that is ready run, and what that makes ready.
inline void settle() {
    for (int i = 0; i < 20; ++i) await(yield_now());
}

/// The text of the `usage_error` that `action` throws.
template <class Action>
[[nodiscard]] std::string refused(Action&& action) {
    return thrown<usage_error>(std::forward<Action>(action));
}
/// The same on another thread.
template <class Action>
[[nodiscard]] std::string refused_elsewhere(Action action) {
    std::string text;
    std::thread([&] { text = refused(action); }).join();
    return text;
}
/// What a coroutine failed by.
[[nodiscard]] inline std::string failure_of(const detail::any_handle& h) {
    return thrown<usage_error>([&] { std::rethrow_exception(h.error()); });
}

}  // namespace weft::testing
