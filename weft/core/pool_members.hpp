#pragma once

#include "weft/base/export.hpp"
#include "weft/core/awaiter.hpp"
#include "weft/core/clock.hpp"
#include "weft/core/join_handle.hpp"
#include "weft/core/join_waiter.hpp"

#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <source_location>
#include <utility>

/// What a `group` and a `pool` have in common: the coroutines that live in it, and the places that
/// there are for them.
namespace weft::detail {

WEFT_EXPORT extern const wait_kind place_kind;
WEFT_EXPORT extern const wait_kind members_kind;

/// Rules:
/// 1. A member is a coroutine of its own, in the loop's scope. It leaves by its end; nothing is
///    held of its result, and an error that nobody joins is reported (R13).
/// 2. A place is free, taken by a member, or promised: to one that has been woken for it, or is
///    about to spawn. Those who wait get a place in order; nobody overtakes them.
/// 3. A member that wants a place when none is free does not wait, as it might be for ever: what it
///    spawns runs in its own place, and it waits for that end (eventlet's `GreenPool`).
class WEFT_EXPORT pool_members {
public:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    explicit pool_members(std::size_t limit) noexcept : limit_(limit) {}
    pool_members(const pool_members&) = delete;
    pool_members& operator=(const pool_members&) = delete;
    ~pool_members();

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t free_count() const noexcept {
        return limit_ == unlimited ? unlimited : limit_ - taken_;
    }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// It is a member of this one.
    [[nodiscard]] bool has(const control_block* b) const noexcept;

    [[nodiscard]] bool try_promise() noexcept {
        if (taken_ >= limit_ || first_place_ != nullptr) return false;
        ++taken_;
        return true;
    }
    void break_promise() noexcept;
    void cancel(std::source_location at) const;

    /// A place, on its way from the promise to the member.
    class WEFT_EXPORT place {
    public:
        /// `counted`: a promised one; otherwise that of the member that runs.
        place(pool_members& of, bool counted) : of_(&of), counted_(counted) {}
        place(place&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), counted_(other.counted_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (of_ != nullptr && counted_) of_->break_promise();
        }
        /// Makes what `begin()` has spawned the member; gives its handle.
        template <class Begin>
        auto fill(Begin&& begin) && {
            auto room = make_member();
            auto handle = begin();
            settle(std::move(room), handle.block());
            return handle;
        }
        [[nodiscard]] bool counted() const noexcept { return counted_; }

    private:
        struct deleter {
            void operator()(void* member) const noexcept;
        };
        using member_room = std::unique_ptr<void, deleter>;
        [[nodiscard]] member_room make_member() const;
        void settle(member_room r, control_block& b) noexcept;

        pool_members* of_;
        bool counted_;
    };

    class place_awaiter;
    class join_awaiter;

private:
    struct member;
    friend class place_awaiter;

    [[nodiscard]] bool idle() const noexcept { return size_ == 0 && taken_ == 0; }
    void leave(member& m) noexcept;
    void free_place() noexcept;
    void wake_joiners_if_idle() noexcept;

    const std::size_t limit_;
    std::size_t size_ = 0;   // members, those in places of others too
    std::size_t taken_ = 0;  // places taken or promised
    std::size_t waiting_ = 0;
    member* members_ = nullptr;
    place_awaiter* first_place_ = nullptr;
    place_awaiter* last_place_ = nullptr;
    join_awaiter* joins_ = nullptr;
};

/// Waits for a place.
class WEFT_EXPORT pool_members::place_awaiter : public join_waiter {
public:
    explicit place_awaiter(pool_members& of) noexcept : join_waiter(place_kind), members_(of) {}
    place_awaiter(const place_awaiter&) = delete;
    place_awaiter& operator=(const place_awaiter&) = delete;
    ~place_awaiter() {
        if (promised_) members_.break_promise();
    }

protected:
    enum class outcome { promised, waits, of_its_own };
    /// A place, if there is one, or if it is a member who asks.
    [[nodiscard]] outcome ask() noexcept;
    void enqueue() noexcept;
    /// The place, with the promise.
    [[nodiscard]] place granted(bool counted) noexcept {
        if (counted) promised_ = false;
        return place(members_, counted);
    }
    [[nodiscard]] pool_members& members() noexcept { return members_; }
    bool promised_ = false;

private:
    friend class pool_members;
    friend struct pool_wait_access;
    void dequeue() noexcept;

    pool_members& members_;
    place_awaiter* prev_place_ = nullptr;
    place_awaiter* next_place_ = nullptr;
    bool queued_ = false;
};

/// Gives the place.
class free_place_awaiter : public awaiter<free_place_awaiter, pool_members::place_awaiter> {
public:
    using awaiter::awaiter;
    [[nodiscard]] bool try_now() noexcept {
        outcome_ = ask();
        return outcome_ != outcome::waits;
    }
    void start() noexcept { enqueue(); }
    [[nodiscard]] pool_members::place finish() noexcept {
        return granted(outcome_ != outcome::of_its_own);
    }

private:
    outcome outcome_ = outcome::waits;
};

/// Waits for a place, and spawns what `Begin` begins.
template <class Begin>
class member_awaiter : public awaiter<member_awaiter<Begin>, pool_members::place_awaiter> {
    using base = awaiter<member_awaiter<Begin>, pool_members::place_awaiter>;
    using typename base::outcome;

public:
    using handle = std::invoke_result_t<Begin&>;

    template <class... As>
    explicit member_awaiter(pool_members& of, As&&... as)
        : base(of), begin_(std::forward<As>(as)...) {}

    [[nodiscard]] bool try_now() {
        switch (this->ask()) {
            case outcome::promised: return true;
            case outcome::waits: return false;
            case outcome::of_its_own: inner_ = this->granted(false).fill(begin_); break;
        }
        return false;
    }
    void start() noexcept {
        if (inner_)
            this->link(inner_.block());
        else
            this->enqueue();
    }
    handle finish() {
        if (inner_) return std::move(inner_);
        return this->granted(true).fill(begin_);
    }

private:
    Begin begin_;
    handle inner_;  // what runs in the place of who waits
};

/// Waits until no member is left.
class WEFT_EXPORT pool_members::join_awaiter : public awaiter<join_awaiter> {
public:
    join_awaiter(pool_members& of, bool raise_error) noexcept
        : awaiter(members_kind), members_(of), raise_error_(raise_error) {}
    join_awaiter(pool_members& of, std::source_location cancel_at) noexcept
        : awaiter(members_kind),
          members_(of),
          raise_error_(false),
          cancels_(true),
          cancel_at_(cancel_at) {}
    [[nodiscard]] bool try_now() const;
    void start() noexcept;
    void finish() const;

private:
    friend class pool_members;
    friend struct pool_wait_access;
    void remove() noexcept;

    pool_members& members_;
    bool raise_error_;
    bool cancels_ = false;
    std::source_location cancel_at_;
    join_awaiter* next_join_ = nullptr;
    std::exception_ptr error_;  // the first since the wait began
};

}  // namespace weft::detail
