#include "weft/machine/frame_pool.hpp"

#include "weft/machine/sanitizer.hpp"

#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace {

using weft::allocate_frame;
using weft::deallocate_frame;
using weft::frame_pool_cache_max;
using weft::frame_pool_class_max;
using weft::frame_pool_stats;
using weft::header_of;

bool is_aligned(const void* frame) {
    return reinterpret_cast<std::uintptr_t>(frame) % weft::frame_alignment == 0;
}

/// Frames that are freed with the object.
class frames {
public:
    frames() = default;
    frames(const frames&) = delete;
    frames& operator=(const frames&) = delete;
    ~frames() { free(); }

    void* add(std::size_t bytes) {
        all_.push_back(allocate_frame(bytes));
        std::memset(all_.back(), 0x5a, bytes);
        return all_.back();
    }
    void add_many(std::size_t n, std::size_t bytes) {
        for (std::size_t i = 0; i < n; ++i) add(bytes);
    }
    void free() {
        for (void* frame : all_) deallocate_frame(frame);
        all_.clear();
    }

private:
    std::vector<void*> all_;
};

/// On a thread of its own, whose lists begin empty.
template <class Action>
void on_a_thread(Action action) {
    std::thread(action).join();
}

TEST(frame_pool, every_frame_is_aligned_and_knows_its_size) {
    frames held;
    for (std::size_t bytes = 1; bytes < 3 * frame_pool_class_max; bytes += 7) {
        const void* const frame = held.add(bytes);
        ASSERT_TRUE(is_aligned(frame)) << bytes;
        ASSERT_EQ(header_of(frame)->bytes, bytes);
    }
}

TEST(frame_pool, frames_do_not_overlap) {
    std::set<std::uintptr_t> begins;
    frames held;
    constexpr std::size_t bytes = 200;
    for (int i = 0; i < 1000; ++i) begins.insert(reinterpret_cast<std::uintptr_t>(held.add(bytes)));
    ASSERT_EQ(begins.size(), 1000u);
    std::uintptr_t end = 0;
    for (const std::uintptr_t begin : begins) {
        ASSERT_GE(begin - sizeof(weft::frame_header), end);
        end = begin + bytes;
    }
}

TEST(frame_pool, what_a_frame_holds_survives_its_neighbours) {
    std::vector<unsigned char*> kept;
    for (unsigned i = 0; i < 100; ++i) {
        auto* const frame = static_cast<unsigned char*>(allocate_frame(48 + i));
        std::memset(frame, static_cast<int>(i), 48 + i);
        kept.push_back(frame);
    }
    for (unsigned i = 0; i < 100; i += 2) deallocate_frame(kept[i]);
    frames others;
    others.add_many(100, 64);
    for (unsigned i = 1; i < 100; i += 2) {
        for (unsigned b = 0; b < 48 + i; ++b) ASSERT_EQ(kept[i][b], i);
        deallocate_frame(kept[i]);
    }
}

TEST(frame_pool, statistics_count_what_is_allocated_and_freed) {
    const auto before = frame_pool_stats();
    {
        frames held;
        held.add_many(10, 100);
        EXPECT_EQ(frame_pool_stats().allocated - before.allocated, 10u);
        EXPECT_EQ(frame_pool_stats().freed - before.freed, 0u);
    }
    EXPECT_EQ(frame_pool_stats().freed - before.freed, 10u);
}

TEST(frame_pool, large_frames_come_from_the_system_and_return_to_it) {
    const auto before = frame_pool_stats();
    {
        frames held;
        held.add(frame_pool_class_max);
        held.add(1'000'000);
        EXPECT_EQ(frame_pool_stats().from_system - before.from_system, 2u);
    }
    const auto after = frame_pool_stats();
    EXPECT_EQ(after.cached_frames, before.cached_frames);
    EXPECT_EQ(after.freed - before.freed, 2u);
}

#if !WEFT_ASAN  // There every frame comes from the system, so that errors are seen.

TEST(frame_pool, a_freed_frame_is_reused_at_once) {
    void* const first = allocate_frame(100);
    deallocate_frame(first);
    void* const second = allocate_frame(90);  // the same class
    EXPECT_EQ(first, second);
    deallocate_frame(second);
}

TEST(frame_pool, classes_are_multiples_of_64_with_the_header) {
    void* const frame = allocate_frame(64 - sizeof(weft::frame_header));
    deallocate_frame(frame);
    void* const larger = allocate_frame(64 - sizeof(weft::frame_header) + 1);
    EXPECT_NE(larger, frame);
    deallocate_frame(larger);
    const auto before = frame_pool_stats();
    frames held;
    held.add(frame_pool_class_max - sizeof(weft::frame_header));  // the largest of the pool
    EXPECT_EQ(frame_pool_stats().from_system, before.from_system);
}

TEST(frame_pool, freed_frames_are_kept_by_the_thread) {
    on_a_thread([] {
        frames held;
        held.add_many(100, 100);
        const auto before = frame_pool_stats();
        held.free();
        const auto after = frame_pool_stats();
        EXPECT_EQ(after.cached_frames - before.cached_frames, 100u);
        EXPECT_EQ(after.cached_bytes - before.cached_bytes, 100u * 128);
    });
}

TEST(frame_pool, a_threads_list_is_bounded_and_the_rest_goes_to_the_depot) {
    on_a_thread([] {
        frames held;
        held.add_many(5 * frame_pool_cache_max, 100);
        const auto before = frame_pool_stats();
        held.free();
        const auto after = frame_pool_stats();
        EXPECT_LE(after.cached_frames, before.cached_frames + frame_pool_cache_max);
        EXPECT_GE(after.depot_frames - before.depot_frames, 4 * frame_pool_cache_max - 1);
    });
}

TEST(frame_pool, a_thread_that_ends_leaves_its_frames_to_the_others) {
    const auto use = [] {
        frames held;
        held.add_many(2000, 1000);
    };
    on_a_thread(use);
    const std::size_t peak = frame_pool_stats().slab_bytes;
    for (int i = 0; i < 20; ++i) on_a_thread(use);
    EXPECT_EQ(frame_pool_stats().slab_bytes, peak);
}

TEST(frame_pool, many_short_threads_do_not_take_a_slab_each) {
    const std::size_t before = frame_pool_stats().slab_bytes;
    // Each has a size class of its own, so that blocks of those before do not serve it.
    for (std::size_t bytes = 64; bytes < frame_pool_class_max - 64; bytes += 64) {
        on_a_thread([bytes] {
            frames held;
            held.add(bytes);
        });
    }
    EXPECT_LE(frame_pool_stats().slab_bytes - before, std::size_t{10} * 256 * 1024);  // not 30
}

TEST(frame_pool, frames_that_another_thread_frees_come_back_bounded) {
    constexpr int rounds = 50;
    constexpr std::size_t batch = frame_pool_cache_max;
    constexpr std::size_t batch_bytes = batch * 768;  // the class of 700 bytes
    std::vector<void*> hand_over(batch);
    const std::size_t before = frame_pool_stats().slab_bytes;
    for (int i = 0; i < rounds; ++i) {
        on_a_thread([&] {
            for (void*& frame : hand_over) frame = allocate_frame(700);
        });
        for (void* frame : hand_over) deallocate_frame(frame);
    }
    // One batch on its way, one in this thread's list, and what the depot has beside.
    EXPECT_LE(frame_pool_stats().slab_bytes - before, 4 * batch_bytes);
}

#endif

TEST(frame_pool, threads_allocate_and_free_each_others_frames_at_the_same_time) {
    constexpr int count = 4;
    constexpr std::size_t batch = 3000;
    std::vector<std::vector<void*>> made(count);
    std::latch all_made(count);
    std::vector<std::thread> threads;
    for (int t = 0; t < count; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < batch; ++i) {
                made[t].push_back(allocate_frame(40 + i % 400));
                std::memset(made[t].back(), t, 40);
            }
            all_made.arrive_and_wait();
            for (void* frame : made[(t + 1) % count]) {
                EXPECT_EQ(*static_cast<char*>(frame), (t + 1) % count);
                deallocate_frame(frame);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

/// Freed by the destructor of a thread-local object, which may run after the pool's own end.
struct late {
    void* frame = nullptr;
    ~late() {
        if (frame == nullptr) return;
        deallocate_frame(frame);
        frames more;
        more.add_many(10, 100);
    }
};

TEST(frame_pool, frames_may_be_used_while_the_thread_ends_and_are_not_lost) {
    const auto use = [] {
        static thread_local late at_end;  // before the pool's own, so destroyed after it
        static_cast<void>(&at_end);
        at_end.frame = allocate_frame(100);
    };
    on_a_thread(use);
    const std::size_t before = frame_pool_stats().slab_bytes;
    for (int i = 0; i < 2000; ++i) on_a_thread(use);
    EXPECT_LE(frame_pool_stats().slab_bytes - before, std::size_t{2} * 256 * 1024);
}

}  // namespace
