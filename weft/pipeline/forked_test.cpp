#include "weft/pipeline/forked.hpp"

#include "weft/core/kinds_test.hpp"
#include "weft/pipeline/sinks.hpp"
#include "weft/pipeline/stages.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace {

using namespace weft;
using namespace weft::testing;

/// What a child has seen: in memory that both share.
struct seen {
    std::atomic<int> items = 0;
    std::atomic<int> out_of_order = 0;
    std::atomic<int> closes = 0;
    std::atomic<int> errors = 0;
    std::atomic<int> pid = 0;
    std::atomic<bool> gate = false;
    std::array<char, 400> text{};
};
class shared_seen {
public:
    shared_seen()
        : all_(::new(::mmap(nullptr, sizeof(seen), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0)) seen()) {}
    shared_seen(const shared_seen&) = delete;
    shared_seen& operator=(const shared_seen&) = delete;
    ~shared_seen() { ::munmap(all_, sizeof(seen)); }
    seen* operator->() const { return all_; }
    seen& operator*() const { return *all_; }

private:
    seen* all_;
};

consumer<int> counting(seen& all) {
    all.pid = ::getpid();
    try {
        for (;;) {
            try {
                const int item = co_await receive;
                if (item < 0) throw std::out_of_range("a negative item");
                while (all.gate) {}
                if (item != all.items) ++all.out_of_order;
                ++all.items;
            } catch (const forked_error& e) {
                ++all.errors;
                std::string(e.type() + ": " + e.what()).copy(all.text.data(), 399);
            }
        }
    } catch (const generator_exit&) {
        ++all.closes;
    }
}

void expect_no_child() {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(forked, takes_all_items_in_order_in_another_process_and_is_closed_once) {
    const shared_seen all;
    // A buffer that is full all the time.
    auto sink = forked(forked_options().buffer_bytes(4096), counting, std::ref(*all));
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_TRUE(sink.send(i));
        ASSERT_LE(i - all->items, 4096 / 16 + 1);
    }
    sink.close();
    EXPECT_EQ(all->items, 100'000);
    EXPECT_EQ(all->out_of_order, 0);
    EXPECT_EQ(all->closes, 1);
    EXPECT_NE(all->pid, ::getpid());
    expect_no_child();
}

consumer<std::string_view> summing(seen& all) {
    try {
        for (;;) {
            const std::string_view text = co_await receive;
            all.items += static_cast<int>(text.size());
            if (!text.empty() && (text.front() != 'a' || text.back() != 'z')) ++all.out_of_order;
        }
    } catch (const generator_exit&) {
        ++all.closes;
    }
}

TEST(forked, an_item_may_be_larger_than_the_buffer) {
    const shared_seen all;
    auto sink = forked(forked_options().buffer_bytes(4096), summing, std::ref(*all));
    int bytes = 0;
    for (const std::size_t n : {0U, 10U, 100'000U, 1'000U, 1'024U, 1'025U, 4'096U, 5U}) {
        std::string text(n, '-');
        if (n > 0) text.front() = 'a', text.back() = 'z';
        sink.send(text);
        bytes += static_cast<int>(n);
    }
    sink.close();
    EXPECT_EQ(all->items, bytes);
    EXPECT_EQ(all->out_of_order, 0);
}

TEST(forked, an_item_is_taken_though_nothing_follows_it) {
    const shared_seen all;
    auto sink = forked(counting, std::ref(*all));
    for (int n = 0; n < 50; ++n) {
        sink.send(n);
        while (all->items != n + 1) std::this_thread::yield();
    }
}

TEST(forked, the_error_of_the_consumer_comes_back_with_its_type) {
    const shared_seen all;
    auto at_close = forked(counting, std::ref(*all));
    at_close.send(-1);
    try {
        at_close.close();
        ADD_FAILURE() << "no error";
    } catch (const forked_error& e) {
        EXPECT_STREQ(e.what(), "a negative item");
        EXPECT_EQ(e.type(), "std::out_of_range");
    }
    EXPECT_FALSE(at_close.send(1));

    auto at_send = forked(counting, std::ref(*all));
    at_send.send(-1);
    const auto send_on = [&] {
        while (at_send.send(1)) {}
    };
    EXPECT_THROW(send_on(), forked_error);

    auto unmade = forked([]() -> consumer<int> { throw std::runtime_error("no consumer"); });
    EXPECT_THROW(unmade.close(), forked_error);
    expect_no_child();
}

TEST(forked, throw_crosses_in_order_and_tells_what_became_of_it) {
    const shared_seen all;
    auto sink = forked(counting, std::ref(*all));
    sink.send(0);
    EXPECT_TRUE(sink.throw_(std::invalid_argument("handled")));
    EXPECT_EQ(all->items, 1);
    EXPECT_STREQ(all->text.data(), "std::invalid_argument: handled");
    sink.close();
    EXPECT_EQ(all->closes, 1);

    auto fragile = forked([] { return for_each([](int) {}); });
    try {
        fragile.throw_(std::range_error("not handled"));
        ADD_FAILURE() << "no error";
    } catch (const forked_error& e) {
        EXPECT_STREQ(e.what(), "not handled");
        EXPECT_EQ(e.type(), "std::range_error");
    }
    EXPECT_FALSE(fragile.send(1));
    expect_no_child();
}

TEST(forked, send_is_false_when_the_consumer_has_ended) {
    const shared_seen all;
    auto sink = forked([&] { return take(3) | counting(*all); });
    int sent = 0;
    while (sink.send(sent)) ++sent;
    EXPECT_EQ(all->items, 3);
    EXPECT_EQ(sink.state(), generator_state::closed);
    expect_no_child();
}

/// What a child that dies in the middle of its 18th item ends its sender with.
std::string death(void (*die)()) {
    auto sink = forked([die] {
        return for_each([die](int i) {
            if (i == 17) die();
        });
    });
    try {
        for (int i = 0; i < 1'000'000; ++i) sink.send(i);
    } catch (const forked_error& e) {
        EXPECT_EQ(e.taken(), 17U);
        EXPECT_NE(e.status(), 0);
        EXPECT_EQ(sink.state(), generator_state::closed);
        return std::string(e.what()).substr(std::string(e.what()).find(" was "));
    }
    return "it lives";
}

TEST(forked, the_death_of_the_child_is_an_error_with_its_status) {
    EXPECT_EQ(death([] { ::raise(SIGKILL); }),
              " was killed by signal 9 (Killed) after 17 items taken");
    auto early = forked([] { return for_each([](int) { ::_exit(3); }); });
    early.send(1);
    try {
        early.close();
        ADD_FAILURE() << "no error";
    } catch (const forked_error& e) {
        EXPECT_NE(std::string(e.what()).find("ended with status 3 after 0 items"),
                  std::string::npos);
    }
    expect_no_child();
}

TEST(forked, children_do_not_keep_each_other_alive) {
    const std::array<shared_seen, 3> all;
    std::vector<consumer<int>> sinks;
    for (const shared_seen& one : all) sinks.push_back(forked(counting, std::ref(*one)));
    for (consumer<int>& sink : sinks) sink.send(0);
    // The oldest dies: the later ones must not hide it.
    while (all[0]->pid == 0) std::this_thread::yield();
    ::kill(all[0]->pid, SIGKILL);
    const auto send_on = [&] {
        for (int i = 0; i < 1'000'000; ++i) sinks[0].send(i);
    };
    EXPECT_THROW(send_on(), forked_error);
    for (std::size_t i = 1; i < 3; ++i) {
        sinks[i].close();
        EXPECT_EQ(all[i]->closes, 1);
    }
    expect_no_child();
}

TEST(forked, a_child_whose_parent_dies_is_told) {
    const shared_seen all;
    const pid_t parent = ::fork();
    if (parent == 0) {
        auto sink = forked(counting, std::ref(*all));
        // Another child, which is alive, does not hide it.
        auto other = forked(counting, std::ref(*all));
        sink.send(0);
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
    while (all->closes != 2) std::this_thread::yield();
    EXPECT_EQ(all->errors, 2);
    EXPECT_EQ(all->items, 1);
    EXPECT_NE(std::string(all->text.data()).find("has died"), std::string::npos);
}

TEST(forked, a_child_of_the_user_leaves_it_alone) {
    const shared_seen all;
    auto sink = forked(counting, std::ref(*all));
    sink.send(0);
    const pid_t other = ::fork();
    if (other == 0) {
        bool refused = false;
        try {
            auto copy = std::move(sink);
            copy.send(7);
        } catch (const usage_error&) {
            refused = true;
        }
        ::_exit(refused ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
    sink.send(1);
    sink.close();
    EXPECT_EQ(all->items, 2);
    EXPECT_EQ(all->closes, 1);
}

TEST(forked, a_signal_during_a_send_that_blocks_loses_nothing) {
    const shared_seen all;
    struct sigaction quiet{};
    struct sigaction before{};
    quiet.sa_handler = [](int) {};  // and no SA_RESTART
    ASSERT_EQ(::sigaction(SIGALRM, &quiet, &before), 0);
    {
        auto sink = forked(forked_options().buffer_bytes(4096), [&all] {
            return filter([](int) {
                       std::this_thread::yield();
                       return true;
                   }) |
                   counting(*all);
        });
        const itimerval often{{0, 200}, {0, 200}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
        for (int i = 0; i < 20'000; ++i) sink.send(i);
        sink.close();
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
    }
    ::sigaction(SIGALRM, &before, nullptr);
    EXPECT_EQ(all->items, 20'000);
    EXPECT_EQ(all->out_of_order, 0);
}

/// Runs `test` in a process of its own, which ends with what it returns.
template <class Test>
int status_of(Test test) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(test());
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST(forked, a_process_that_is_refused_is_an_error) {
    EXPECT_EQ(status_of([] {
                  const rlimit none{0, 0};
                  if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 2;
                  if (::getuid() == 0 && ::setuid(65534) != 0) return 3;  // root has no limit
                  try {
                      auto sink = forked([] { return for_each([](int) {}); });
                      return 4;
                  } catch (const std::system_error& e) {
                      return e.code().value() == EAGAIN ? 0 : 5;
                  }
              }),
              0);
}

TEST(forked, standard_output_is_written_once) {
    const std::string path = ::testing::TempDir() + "weft_forked_" + std::to_string(::getpid());
    EXPECT_EQ(status_of([&path] {
                  if (std::freopen(path.c_str(), "w", stdout) == nullptr) return 2;
                  std::printf("parent, ");
                  auto sink = forked([] { return print_to(stdout); });
                  std::printf("parent again\n");
                  sink.send("child");
                  sink.close();
                  return std::fflush(stdout);
              }),
              0);
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(text, "parent, child\nparent again\n");
    std::remove(path.c_str());
}

/// In the child, a loop of its own.
consumer<int> with_a_loop(seen& all) {
    auto inner = counting(all);
    try {
        for (;;) {
            const int item = co_await receive;
            run([&] {
                await(sleep(std::chrono::microseconds(1)));
                auto fiber = spawn([&] { inner.send(item); });
                await(fiber);
            });
        }
    } catch (const generator_exit&) {
        inner.close();
    }
}

TEST(forked, a_loop_goes_on_while_a_fiber_waits_for_the_child) {
    on_real_drivers([](const options& how, const char* name) {
        SCOPED_TRACE(name);
        const shared_seen all;
        all->gate = true;
        bool is_here = false;
        run(how, [&] {
            test_pipe own;  // something in the poller that is the parent's alone
            char byte = 0;
            auto reader = spawn([&] { await(own.read(&byte, 1)); });
            auto sender = spawn([&] {
                auto sink = forked(forked_options().buffer_bytes(4096), counting, std::ref(*all));
                for (int i = 0; i < 2'000; ++i) sink.send(i);
                sink.close();
            });
            until_it_waits(reader);
            until_it_waits(sender);
            EXPECT_FALSE(sender.ready());
            auto looping = forked(with_a_loop, std::ref(*all));
            is_here = true;  // a child that went on would have said so of itself
            all->gate = false;
            await(sender);
            EXPECT_EQ(all->items, 2'000);
            all->items = 0;
            for (int i = 0; i < 10; ++i) looping.send(i);
            looping.close();
            EXPECT_EQ(all->items, 10);
            await(own.write("x", 1));
            await(reader);
            EXPECT_EQ(byte, 'x');
        });
        EXPECT_TRUE(is_here);
        EXPECT_EQ(all->out_of_order, 0);
        EXPECT_EQ(all->closes, 2);
        expect_no_child();
    });
}

TEST(forked, what_a_cancelled_fiber_has_sent_arrives) {
    on_real_drivers([](const options& how, const char*) {
        const shared_seen all;
        all->gate = true;
        int sent = 0;
        run(how, [&] {
            auto sender = spawn([&] {
                auto sink = forked(forked_options().buffer_bytes(4096), counting, std::ref(*all));
                for (;; ++sent) sink.send(sent);
            });
            until_it_waits(sender);
            sender.cancel();
            all->gate = false;
            await(sender.join());
        });
        EXPECT_EQ(all->items, sent);
        EXPECT_EQ(all->closes, 1);
        expect_no_child();
    });
}

}  // namespace
