#include "weft/core/registry.hpp"

#include "weft/core/driver.hpp"
#include "weft/core/inbox.hpp"
#include "weft/core/options.hpp"
#include "weft/core/ready_queue.hpp"
#include "weft/core/scheduler.hpp"

#include <atomic>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using weft::detail::block_kind;
using weft::detail::control_block;
using weft::detail::inbox;
using weft::detail::posted;
using weft::detail::ready_queue;
using weft::detail::registry;
using weft::detail::registry_chunk;

/// A registry whose loop is there; its slab goes with the last block.
class slab {
public:
    slab() : loop_(weft::options()), registry_(new registry(loop_)) {}
    slab(const slab&) = delete;
    slab& operator=(const slab&) = delete;
    ~slab() { registry_->orphan(); }
    [[nodiscard]] control_block& take() {
        control_block& b = registry_->acquire();
        b.kind = block_kind::task;
        return b;
    }
    registry* operator->() noexcept { return registry_; }
    [[nodiscard]] registry* get() noexcept { return registry_; }
    [[nodiscard]] std::size_t visited() {
        std::size_t n = 0;
        registry_->each([&](control_block&) { ++n; });
        return n;
    }

private:
    weft::detail::scheduler loop_;
    registry* registry_;
};

TEST(registry, blocks_are_dense_and_know_their_registry) {
    slab blocks;
    control_block& a = blocks.take();
    control_block& b = blocks.take();
    EXPECT_EQ(&b, &a + 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&a) % 64, 0u);
    EXPECT_EQ(&registry::of(a), blocks.get());
    EXPECT_EQ(&registry::of(b), blocks.get());
    blocks->release(a);
    blocks->release(b);
}

TEST(registry, a_slot_is_reused_last_in_first_out_with_the_next_generation) {
    slab blocks;
    control_block& a = blocks.take();
    control_block& b = blocks.take();
    const std::uint32_t of_a = a.generation;
    const std::uint32_t of_b = b.generation;
    blocks->release(a);
    blocks->release(b);
    control_block& first = blocks.take();
    control_block& second = blocks.take();
    EXPECT_EQ(&first, &b);
    EXPECT_EQ(&second, &a);
    EXPECT_EQ(first.generation, of_b + 1);
    EXPECT_EQ(second.generation, of_a + 1);
    blocks->release(first);
    blocks->release(second);
}

TEST(registry, an_id_is_never_zero_and_tells_generations_and_numbers_apart) {
    control_block b;
    b.number = 1;
    const weft::coroutine_id first = b.id();
    EXPECT_NE(first, 0u);
    b.generation = 1;
    EXPECT_NE(b.id(), first);
    b.number = 2;
    EXPECT_EQ(b.id(), (std::uint64_t{1} << 32) | 2);
}

TEST(registry, each_visits_the_blocks_in_use_and_no_others) {
    slab blocks;
    EXPECT_EQ(blocks.visited(), 0u);
    std::vector<control_block*> all;
    for (int i = 0; i < 10; ++i) all.push_back(&blocks.take());
    std::set<control_block*> left(all.begin(), all.end());
    for (const std::size_t i : {0u, 3u, 9u}) {
        blocks->release(*all[i]);
        left.erase(all[i]);
    }
    std::set<control_block*> seen;
    blocks->each([&](control_block& b) { seen.insert(&b); });
    EXPECT_EQ(seen, left);
    EXPECT_EQ(blocks->taken(), 7u);
    for (control_block* const b : left) blocks->release(*b);
    EXPECT_EQ(blocks.visited(), 0u);
}

TEST(registry, holds_a_million_blocks_in_chunks_that_say_what_they_are) {
    constexpr std::size_t many = 1'000'000;
    slab blocks;
    std::vector<control_block*> all;
    for (std::size_t i = 0; i < many; ++i) all.push_back(&blocks.take());
    EXPECT_EQ(blocks->taken(), many);
    EXPECT_EQ(blocks.visited(), many);
    std::set<std::uintptr_t> chunks;
    for (control_block* const b : all) {
        ASSERT_EQ(&registry::of(*b), blocks.get());
        chunks.insert(reinterpret_cast<std::uintptr_t>(b) & ~(registry::chunk_bytes - 1));
    }
    EXPECT_EQ(chunks.size(), (many + registry::blocks_in_chunk - 1) / registry::blocks_in_chunk);
    for (const std::uintptr_t c : chunks) {
        const auto& head = *reinterpret_cast<const registry_chunk*>(c);
        EXPECT_STREQ(head.magic, "WEFTREG");
        EXPECT_EQ(head.version, registry_chunk::layout_version);
        EXPECT_EQ(head.block_bytes, sizeof(control_block));
    }
    for (control_block* const b : all) blocks->release(*b);
    EXPECT_EQ(blocks->taken(), 0u);
    control_block& again = blocks.take();
    EXPECT_EQ(again.generation, 1u) << "a slot that was used before";
    blocks->release(again);
}

TEST(registry, outlives_its_loop_until_the_last_block_is_released) {
    control_block* a = nullptr;
    control_block* b = nullptr;
    {
        slab blocks;
        a = &blocks.take();
        b = &blocks.take();
        EXPECT_NE(blocks->home(), nullptr);
    }
    EXPECT_EQ(registry::of(*a).home(), nullptr);
    a->number = 7;
    registry::of(*b).release(*b);
    EXPECT_EQ(a->number, 7u);
    EXPECT_EQ(registry::of(*a).taken(), 1u);
    registry::of(*a).release(*a);
}

/// Takes what a list says, and notes among how many.
class scripted final : public weft::oracle {
public:
    explicit scripted(std::vector<std::size_t> picks) : picks_(std::move(picks)) {}
    std::size_t choose(weft::choice, std::size_t n) noexcept override {
        asked.push_back(n);
        return picks_[next_++ % picks_.size()];
    }
    std::vector<std::size_t> asked;

private:
    std::vector<std::size_t> picks_;
    std::size_t next_ = 0;
};

std::vector<std::uint32_t> drain(ready_queue& queue, weft::oracle* choices = nullptr) {
    std::vector<std::uint32_t> order;
    while (!queue.empty()) {
        if (choices != nullptr) queue.choose(*choices);
        order.push_back(queue.pop().number);
    }
    return order;
}

class ready : public ::testing::Test {
protected:
    ready() : blocks(200) {
        for (std::uint32_t i = 0; i < blocks.size(); ++i) blocks[i].number = i;
    }
    void push(std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i) queue.push(blocks[i]);
    }
    std::vector<control_block> blocks;
    ready_queue queue;
};

TEST_F(ready, queue_is_first_in_first_out) {
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.front(), nullptr);
    push(4);
    EXPECT_EQ(queue.front(), &blocks[0]);
    EXPECT_THAT(drain(queue), ElementsAre(0, 1, 2, 3));
    push(2);
    EXPECT_THAT(drain(queue), ElementsAre(0, 1));
}

TEST_F(ready, queue_has_a_front_for_what_goes_on_at_once) {
    queue.push_front(blocks[9]);
    push(2);
    queue.push_front(blocks[8]);
    EXPECT_THAT(drain(queue), ElementsAre(8, 9, 0, 1));
}

TEST_F(ready, queue_runs_the_one_that_an_oracle_chooses_and_keeps_the_others_in_order) {
    push(4);
    scripted last({3, 2, 1});
    EXPECT_THAT(drain(queue, &last), ElementsAre(3, 2, 1, 0));
    EXPECT_THAT(last.asked, ElementsAre(4, 3, 2)) << "one alone is no choice";
    push(4);
    scripted middle({1, 1, 0});
    EXPECT_THAT(drain(queue, &middle), ElementsAre(1, 2, 0, 3));
    push(1);
    queue.push(blocks[7]);
    EXPECT_THAT(drain(queue), ElementsAre(0, 7)) << "the tail is right after all that";
}

TEST_F(ready, queue_can_be_pushed_to_after_its_last_was_chosen) {
    push(3);
    scripted last({2});
    queue.choose(last);
    EXPECT_EQ(queue.pop().number, 2u);
    queue.push(blocks[5]);
    EXPECT_THAT(drain(queue), ElementsAre(0, 1, 5));
}

TEST_F(ready, queue_offers_an_oracle_no_more_than_its_window) {
    push(200);
    scripted far({ready_queue::window - 1, 0});
    queue.choose(far);
    EXPECT_THAT(far.asked, ElementsAre(ready_queue::window));
    EXPECT_EQ(queue.pop().number, ready_queue::window - 1);
    EXPECT_EQ(drain(queue).size(), 199u);
}

/// A driver that counts who wakes it.
class waked final : public weft::driver {
public:
    std::atomic<int> wakes = 0;
    [[nodiscard]] const char* name() const noexcept override { return "waked"; }
    [[nodiscard]] weft::submission submit(weft::operation&) noexcept override {
        return weft::submission::done;
    }
    void cancel(weft::operation&) noexcept override {}
    void park(weft::clock::time_point) noexcept override {}
    void wake() noexcept override { wakes.fetch_add(1); }
    [[nodiscard]] weft::clock::time_point now() noexcept override { return {}; }
    [[nodiscard]] std::array<int, 2> open_pipe() override { return {-1, -1}; }
    int adopt(int) noexcept override { return 0; }
    int close(int) noexcept override { return 0; }
};

struct letter : posted {
    explicit letter(int f, int n) : posted{[](posted&) noexcept {}}, from(f), number(n) {}
    int from;
    int number;
};

TEST(inbox, gives_what_was_posted_oldest_first_and_wakes_once_for_all) {
    waked driver;
    inbox mail(driver);
    EXPECT_TRUE(mail.empty());
    EXPECT_EQ(mail.take(), nullptr);
    letter a(0, 1);
    letter b(0, 2);
    letter c(0, 3);
    mail.post(a);
    mail.post(b);
    EXPECT_EQ(driver.wakes, 1);
    EXPECT_FALSE(mail.empty());
    EXPECT_EQ(mail.take(), &a);
    EXPECT_EQ(a.next, &b);
    EXPECT_EQ(b.next, nullptr);
    mail.post(c);
    EXPECT_EQ(driver.wakes, 2);
    EXPECT_EQ(mail.take(), &c);
    mail.close();
}

TEST(inbox, loses_nothing_of_four_threads_and_keeps_the_order_of_each) {
    constexpr int threads = 4;
    constexpr int each = 5'000;
    waked driver;
    inbox mail(driver);
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t)
        posters.emplace_back([&mail, t] {
            for (int i = 0; i < each; ++i) mail.post(*new letter(t, i));
        });
    std::vector<int> next(threads, 0);
    int taken = 0;
    bool in_order = true;
    while (taken < threads * each) {
        for (posted* p = mail.take(); p != nullptr;) {
            const std::unique_ptr<letter> l(static_cast<letter*>(p));
            p = p->next;
            in_order = in_order && next[static_cast<std::size_t>(l->from)]++ == l->number;
            ++taken;
        }
        std::this_thread::yield();
    }
    mail.close();
    for (auto& t : posters) t.join();
    EXPECT_TRUE(in_order);
    EXPECT_THAT(next, ::testing::Each(each));
    EXPECT_GE(driver.wakes, 1);
}

}  // namespace
