#pragma once

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/process/subprocess.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <utility>

/// What the tests of processes share.
namespace weft::testing {

/// Runs `fn(kind)` in a fiber, for both kinds, on each driver of this machine; afterwards there are
/// no children, and as many descriptors as before.
template <class F>
void with_processes(F fn) {
    using std::filesystem::directory_iterator;
    on_real_drivers([&](const options& how, const char* name) {
        SCOPED_TRACE(name);
        for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
            SCOPED_TRACE(kind == coroutine_kind::task ? "as a task" : "as a fiber");
            const auto open = [] {
                return std::distance(directory_iterator("/proc/self/fd"), directory_iterator());
            };
            const auto before = open();
            weft::run(how, [&] { fn(kind); });
            EXPECT_EQ(open(), before) << "descriptors were left open";
            siginfo_t info{};
            EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
            EXPECT_EQ(errno, ECHILD) << "a child was left: " << info.si_pid;
        }
    });
}

[[nodiscard]] inline command shell(std::string script) {
    return command("sh", "-c", std::move(script));
}

/// How it ends.
[[nodiscard]] inline exit_status ended(coroutine_kind kind, const subprocess& one) {
    return get_as(kind, [&] { return one.wait(); });
}

/// All that comes, until the end.
[[nodiscard]] inline std::string all_of(const pipe_reader& from) {
    std::string all;
    char bytes[4096];
    while (const std::size_t n = await(from.read_some(bytes, sizeof bytes))) all.append(bytes, n);
    return all;
}
/// What comes next, at once.
[[nodiscard]] inline std::string some_of(const pipe_reader& from) {
    char bytes[256];
    return std::string(bytes, await(from.read_some(bytes, sizeof bytes)));
}

/// The `std::system_error` that starting it fails by.
[[nodiscard]] inline std::system_error start_error(const command& what) {
    try {
        const auto started = subprocess::start(what);
        ADD_FAILURE() << what.text() << " was started";
    } catch (const std::system_error& e) {
        return e;
    }
    return std::system_error(std::error_code());
}

}  // namespace weft::testing
