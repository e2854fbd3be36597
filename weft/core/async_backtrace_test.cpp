#include "weft/core/async_backtrace.hpp"

#include "weft/core/describe.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/loop_test.hpp"
#include "weft/core/run.hpp"
#include "weft/core/sleep.hpp"
#include "weft/core/spawn.hpp"

#include <chrono>
#include <exception>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// 1.2 of the programs: callbacks lose the stack, coroutines keep it.

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using weft::async_backtrace;
using weft::await;
using weft::options;
using weft::sleep;
using weft::spawn;
using weft::task;
using weft::yield_now;
using weft::testing::on_every_loop;
using weft::testing::until_it_waits;
using weft::testing::with_every_loop;

using lines = std::vector<unsigned>;

lines lines_of(const async_backtrace& trace) {
    lines found;
    for (const auto& at : trace.frames()) {
        EXPECT_THAT(at.file_name(), ::testing::EndsWith("async_backtrace_test.cpp"));
        found.push_back(at.line());
    }
    return found;
}

/// The trace of what `action` throws.
template <class Action>
async_backtrace trace_of(Action action) {
    try {
        action();
    } catch (...) {
        return async_backtrace::of(std::current_exception());
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

constexpr unsigned line_in_bottom = __LINE__ + 2;
task<> bottom() {
    co_await sleep(1ms);
    throw std::runtime_error("at the bottom");
}
constexpr unsigned line_in_middle = __LINE__ + 2;
task<int> middle(const char*) {
    co_await bottom();
    co_return 1;
}
constexpr unsigned line_in_top = __LINE__ + 2;
task<> top() {
    static_cast<void>(co_await middle("x"));
}

TEST(async_backtrace, of_an_error_three_awaits_deep_lists_all_with_file_and_line) {
    with_every_loop([](const options& how) {
        const async_backtrace trace = trace_of([&] { weft::run(how, top()); });
        EXPECT_THAT(lines_of(trace), ElementsAre(line_in_bottom, line_in_middle, line_in_top));
        const std::string text = trace.text();
        EXPECT_THAT(text, AllOf(HasSubstr("  at async_backtrace_test.cpp:" +
                                          std::to_string(line_in_middle) + " in "),
                                HasSubstr("bottom()"), HasSubstr("middle(const char"),
                                HasSubstr("top()")));
        EXPECT_THAT(text, AllOf(Not(HasSubstr("Frame")), Not(HasSubstr("_Z"))));
    });
}

constexpr unsigned line_in_fiber = __LINE__ + 2;
void fiber_on_top() {
    await(top());
}

TEST(async_backtrace, of_an_error_goes_on_through_a_fiber) {
    with_every_loop([](const options& how) {
        EXPECT_THAT(lines_of(trace_of([&] { weft::run(how, fiber_on_top); })),
                    ElementsAre(line_in_bottom, line_in_middle, line_in_top, line_in_fiber));
    });
}

constexpr unsigned line_in_joiner = __LINE__ + 3;
task<> joiner() {
    auto h = spawn(fiber_on_top);
    co_await h;
}
constexpr unsigned line_in_last = __LINE__ + 3;
void last() {
    auto h = spawn(joiner());
    await(h);
}

TEST(async_backtrace, of_an_error_goes_on_through_joins) {
    with_every_loop([](const options& how) {
        EXPECT_THAT(lines_of(trace_of([&] { weft::run(how, last); })),
                    ElementsAre(line_in_bottom, line_in_middle, line_in_top, line_in_fiber,
                                line_in_joiner, line_in_last));
    });
}

task<lines> lines_where_it_was_caught() {
    lines found;
    try {
        co_await spawn(top());
    } catch (...) {
        found = lines_of(async_backtrace::of(std::current_exception()));
    }
    co_return found;
}

TEST(async_backtrace, of_an_error_is_there_where_a_join_throws_it) {
    on_every_loop([] {
        EXPECT_THAT(await(lines_where_it_was_caught()),
                    ElementsAre(line_in_bottom, line_in_middle, line_in_top));
        const auto h = spawn(top());
        await(h.join());
        EXPECT_THAT(lines_of(async_backtrace::of(h.error())),
                    ElementsAre(line_in_bottom, line_in_middle, line_in_top));
    });
}

task<> wrap(bool& wrapped) {
    try {
        co_await bottom();
    } catch (const std::runtime_error&) {
        wrapped = true;
    }
    if (wrapped) throw std::logic_error("another one");
}

TEST(async_backtrace, of_another_error_begins_anew) {
    bool wrapped = false;
    const async_backtrace trace =
        trace_of([&] { weft::run(options().watchdog({}), wrap(wrapped)); });
    EXPECT_EQ(trace.frames().size(), 1u);
}

TEST(async_backtrace, of_what_weft_has_not_thrown_is_empty) {
    EXPECT_TRUE(async_backtrace::of(nullptr).empty());
    EXPECT_TRUE(async_backtrace::of(std::make_exception_ptr(std::runtime_error("mine"))).empty());
    EXPECT_EQ(async_backtrace().text(), "");
}

constexpr unsigned line_in_sleeper = __LINE__ + 2;
task<> sleeper() {
    co_await sleep(24h);
}
constexpr unsigned line_in_parent = __LINE__ + 2;
task<> parent() {
    co_await sleeper();
}
constexpr unsigned line_in_fiber_parent = __LINE__ + 2;
void fiber_parent() {
    await(parent());
}

TEST(async_backtrace, by_handle_lists_where_a_suspended_one_is_and_its_spawn) {
    on_every_loop([] {
        constexpr unsigned line_of_spawns = __LINE__ + 1;
        auto a = spawn(parent());
        auto b = spawn(fiber_parent);
        EXPECT_THAT(lines_of(b.backtrace()).back(), line_of_spawns + 1) << "it has not begun";
        until_it_waits(a);
        until_it_waits(b);
        EXPECT_THAT(lines_of(a.backtrace()),
                    ElementsAre(line_in_sleeper, line_in_parent, line_of_spawns));
        EXPECT_THAT(lines_of(b.backtrace()), ElementsAre(line_in_sleeper, line_in_parent,
                                                         line_in_fiber_parent, line_of_spawns + 1));
        a.cancel();
        b.cancel();
        await(a.join());
        await(b.join());
        EXPECT_THAT(lines_of(a.backtrace()), ElementsAre(line_of_spawns)) << "it has ended";
    });
}

constexpr unsigned line_in_inner = __LINE__ + 3;
task<lines> current_lines() {
    lines found;
    for (const auto& at : async_backtrace::current().frames()) found.push_back(at.line());
    co_return found;
}
constexpr unsigned line_in_outer = __LINE__ + 2;
task<lines> outer_lines() {
    co_return co_await current_lines();
}

TEST(async_backtrace, current_is_that_of_the_caller) {
    EXPECT_TRUE(async_backtrace::current().empty());
    on_every_loop([] {
        constexpr unsigned line = __LINE__ + 1;
        EXPECT_THAT(await(spawn(outer_lines())), ElementsAre(line_in_inner, line_in_outer, line));
        EXPECT_EQ(async_backtrace::current().frames().front().line(), line + 1);
        EXPECT_EQ(await(outer_lines()).at(2), line + 2);
    });
}

TEST(clean_function_name, makes_of_the_names_of_gcc_what_people_write) {
    using weft::detail::clean_function_name;
    EXPECT_EQ(clean_function_name("void f(f()::_Z1fv.Frame*)"), "f()");
    EXPECT_EQ(
        clean_function_name("void {anonymous}::f(f(const char*)::_ZN12_GLOBAL__N_11fE.Frame*)"),
        "{anonymous}::f(const char*)");
    EXPECT_EQ(clean_function_name("void a::S<int>::m(a::S<int>::m(int, const std::string&) "
                                  "const::_ZNK1aSIiE1mEi.Frame*)"),
              "a::S<int>::m(int, const std::string&) const");
    EXPECT_EQ(clean_function_name("void main()::<lambda()>::operator()(main()::<lambda()>::"
                                  "_ZZ4mainENKUlvE_clEv.Frame*)"),
              "main()::<lambda()>");
    EXPECT_EQ(clean_function_name("void weft::keep(keep<void, int>(int)::_ZN4keep.Frame*)"),
              "weft::keep<void, int>(int)");
}

TEST(clean_function_name, leaves_others_alone) {
    using weft::detail::clean_function_name;
    for (const char* const name :
         {"", "int main()", "weft::task<> (anonymous namespace)::f(const char *)", "void f(int)",
          "void f(Frame*)", ".Frame*)", "void ::_Z.Frame*)"})
        EXPECT_EQ(clean_function_name(name), name);
}

}  // namespace
