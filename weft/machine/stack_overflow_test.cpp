#include "weft/machine/stack_overflow.hpp"

#include "weft/machine/sanitizer.hpp"
#include "weft/machine/stack.hpp"
#include "weft/machine/stack_test.hpp"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <thread>

namespace {

using weft::stack;
using weft::stack_guard;
using weft::detail::force_stack_guard;
using weft::testing::forced_guard;
using weft::testing::in_a_child;
using weft::testing::large_frame;
using weft::testing::recurse;
using weft::testing::run_on;

/// Death tests fork; the text that a child writes before it dies is matched.
class stack_overflow : public ::testing::TestWithParam<stack_guard> {
protected:
    void SetUp() override {
        if (GetParam() == stack_guard::install && !weft::kernel_installs_guards())
            GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
        force_stack_guard(GetParam());
    }
    void TearDown() override { force_stack_guard({}); }
};

[[noreturn]] void overflow(const char* name, std::size_t bytes) {
    stack mine = stack::acquire(bytes);
    if (name != nullptr) mine.set_name(name);
    run_on(mine, [&] {
        recurse(400);  // about 80,000 bytes
        mine.check_canary();
    });
    ::_exit(0);
}

TEST_P(stack_overflow, names_the_culprit_its_size_and_the_remedy) {
    EXPECT_DEATH(overflow("greenlet 'parser'", 32 * 1024),
                 "weft: fatal: stack overflow in greenlet 'parser'\n"
                 "  its stack has 32768 bytes.*\n"
                 "  reserve more: 65536 bytes for example, or keep large arrays on the heap\n");
}

TEST_P(stack_overflow, of_a_stack_without_a_name_is_reported_too) {
    EXPECT_DEATH(overflow(nullptr, 32 * 1024), "stack overflow in a stack without a name\n");
}

TEST_P(stack_overflow, by_a_frame_that_jumps_over_a_page_meets_the_guard) {
    EXPECT_DEATH(
        {
            {
                const stack mine = stack::acquire(16 * 1024);
                run_on(mine, [&] {
                    large_frame();
                    mine.check_canary();
                });
                // A canary cannot see it; the release examines the whole guard.
            }
            ::_exit(0);
        },
        "stack overflow in a stack without a name\n  its stack has 16384 bytes");
}

TEST_P(stack_overflow, on_another_thread_is_reported) {
    EXPECT_DEATH(std::thread([] { overflow("fiber 7", 32 * 1024); }).join(),
                 "stack overflow in fiber 7");
}

TEST_P(stack_overflow, of_a_stack_acquired_elsewhere_is_reported) {
    EXPECT_DEATH(
        {
            stack mine = stack::acquire(32 * 1024);
            mine.set_name("a traveller");
            std::thread([&] {
                weft::report_stack_overflows();
                run_on(mine, [&] {
                    recurse(400);
                    mine.check_canary();
                });
            }).join();
            ::_exit(0);
        },
        "stack overflow in a traveller");
}

TEST_P(stack_overflow, what_just_fits_is_none) {
    const int status = in_a_child([] {
        {
            const stack mine = stack::acquire(256 * 1024);
            run_on(mine, [&] {
                recurse(400);
                mine.check_canary();
            });
            std::memset(mine.limit(), 0x5a, 4096);
            mine.check_canary();
        }
        return 0;
    });
    EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(every_guard, stack_overflow,
                         ::testing::Values(stack_guard::install, stack_guard::mprotect,
                                           stack_guard::canary),
                         [](const auto& guard) { return weft::name_of(guard.param); });

std::size_t name_in_the_handler(const void* owner, char* buffer, std::size_t size) noexcept {
    const std::size_t n = std::min<std::size_t>(size, 9);
    std::memcpy(buffer, "worker #", 8);
    buffer[8] = static_cast<char>('0' + *static_cast<const int*>(owner));
    return n;
}

TEST(stack_report, the_owner_gives_its_name_when_it_is_needed) {
    const forced_guard kind(stack_guard::mprotect);
    EXPECT_DEATH(
        {
            int number = 3;
            stack mine = stack::acquire(32 * 1024);
            mine.set_owner(&number, &name_in_the_handler);
            number = 4;
            run_on(mine, [] { recurse(400); });
            ::_exit(0);
        },
        "stack overflow in worker #4");
}

TEST(stack_report, a_stray_pointer_into_a_guard_is_told_apart) {
    const forced_guard kind(stack_guard::mprotect);
    EXPECT_DEATH(
        {
            // Not the nearest one: the program's own stack may lie beside the slab, as under qemu.
            std::vector<stack> many = weft::testing::acquire_many(16);
            stack& mine = many.back();
            mine.set_name("the victim");
            static_cast<volatile char*>(mine.limit())[-100] = 1;
        },
        "a stray access to the guard of the victim\n.* is 100 bytes below its limit\n.*wrong "
        "pointer");
}

// AddressSanitizer has a handler of its own, which ends the process with a status.
#if !WEFT_ASAN && !WEFT_TSAN

void write_to_null() {
    int* volatile nowhere = nullptr;
    *static_cast<volatile int*>(nowhere) = 1;
}

/// Nothing but what qemu says of a program that a signal ends.
constexpr const char* nothing_of_ours = "^(qemu: .*\n)?$";

TEST(stack_report, leaves_the_signal_as_it_would_have_been) {
    const forced_guard kind(stack_guard::mprotect);
    EXPECT_EQ(in_a_child([] {
                  ::fclose(stderr);
                  ::close(2);
                  overflow("quiet", 32 * 1024);
                  return 0;
              }),
              -SIGSEGV);
}

TEST(stack_report, an_ordinary_fault_ends_the_process_without_a_word_of_stacks) {
    EXPECT_EXIT(
        {
            const stack mine = stack::acquire();
            write_to_null();
        },
        ::testing::KilledBySignal(SIGSEGV), nothing_of_ours);
    EXPECT_EXIT(
        {
            const stack mine = stack::acquire();
            run_on(mine, [] { write_to_null(); });
        },
        ::testing::KilledBySignal(SIGSEGV), nothing_of_ours);
}

TEST(stack_report, a_signal_that_is_sent_kills_too) {
    EXPECT_EXIT(
        {
            const stack mine = stack::acquire();
            ::raise(SIGSEGV);
        },
        ::testing::KilledBySignal(SIGSEGV), nothing_of_ours);
}

sigjmp_buf after_fault;

/// In a child whose handler of SIGSEGV was there before ours: whether it still gets its faults.
int recover_by_an_earlier_handler() {
    ::signal(SIGSEGV, SIG_DFL);
    struct sigaction mine{};
    mine.sa_sigaction = [](int, siginfo_t*, void*) { siglongjmp(after_fault, 1); };
    mine.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &mine, nullptr);
    const stack one = stack::acquire();  // the first one of this process
    static int faults = 0;
    if (sigsetjmp(after_fault, 1) != 0) ++faults;
    if (faults == 3) return 0;
    write_to_null();
    return 1;
}

TEST(stack_report_slow, a_handler_that_was_there_before_keeps_its_faults) {
    // In a process of its own, because this one may have our handler already.
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(::_exit(recover_by_an_earlier_handler()), ::testing::ExitedWithCode(0), "");
    ::testing::GTEST_FLAG(death_test_style) = "fast";
}

TEST(stack_report_slow, can_be_turned_off) {
    ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
    const forced_guard kind(stack_guard::mprotect);
    EXPECT_EXIT(
        {
            ::setenv("WEFT_STACK_REPORT", "off", 1);
            overflow("unseen", 32 * 1024);
        },
        ::testing::KilledBySignal(SIGSEGV), nothing_of_ours);
    ::testing::GTEST_FLAG(death_test_style) = "fast";
}

#endif

TEST(stack_report, a_thread_gives_its_signal_stack_back) {
    bool had_one = false;
    std::thread([&] {
        weft::report_stack_overflows();
        stack_t now{};
        ::sigaltstack(nullptr, &now);
        had_one = (now.ss_flags & SS_DISABLE) == 0;
    }).join();
    EXPECT_TRUE(had_one);
}

TEST(stack_report, its_text_is_bounded) {
    weft::detail::fixed_text text;
    for (int i = 0; i < 1000; ++i) text << "0123456789" << std::size_t{42};
    EXPECT_EQ(text.view().size(), 1024u);
    EXPECT_EQ(text.view().substr(0, 14), "01234567894201");
    weft::detail::fixed_text address;
    address.append_address(reinterpret_cast<const void*>(0x12ab)) << " " << std::size_t{0};
    EXPECT_EQ(address.view(), "0x12ab 0");
}

}  // namespace
