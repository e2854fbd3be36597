#pragma once

// The plans that fuzz_generator.cpp gives to generators, and what PEP 342 and PEP 380 say that such
// generators do: written as the PEPs expand it, by recursion, to have nothing in common with the
// library's way.

#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace fuzz {

inline constexpr int plan_count = 5;
inline constexpr int slot_count = 4;

enum class action : unsigned char { yields, delegates, borrows, fails, returns };
enum class answer : unsigned char { passes_on, swallows, replaces, returns };

/// A statement of a body: what it does, and what it does about an exception that arrives there.
struct step {
    action does = action::yields;
    answer on_error = answer::passes_on;
    int value = 0;   ///< yielded, returned or thrown
    int target = 0;  ///< the plan of a temporary generator, or the slot of one that is borrowed
};
using plan = std::vector<step>;
using plans = std::array<plan, plan_count>;

/// How a use of a generator ended, or what is sent into it.
struct signal {
    enum class kind : unsigned char {
        nothing,  // next(); or: finished
        value,    // yielded, sent, returned
        error,    // an error of number `number`
        exit,     // generator_exit
        ignored,  // ignored_exit
        misuse,   // any other usage_error
    };
    kind what = kind::nothing;
    int number = 0;

    [[nodiscard]] bool raises() const { return what > kind::value; }
    friend bool operator==(const signal&, const signal&) = default;
};

/// What happened inside bodies, in order; both worlds write one.
using journal = std::vector<std::array<int, 3>>;
inline constexpr int got = 1;
inline constexpr int caught = 2;
inline constexpr int result_of_inner = 3;
inline constexpr int leaves = 4;

struct model_world;

/// A generator, as the PEPs define it.
class model {
public:
    enum class state : unsigned char { created, suspended, running, closed };

    model(model_world& in, int plan_number) : world_(in), plan_(plan_number) {}
    model(const model&) = delete;
    model& operator=(const model&) = delete;
    ~model() { destroy(); }

    signal next() { return use({}, false); }
    signal send(int number) { return use({signal::kind::value, number}, false); }
    signal throw_(signal raised) { return use(raised, true); }
    signal close();
    signal result();
    [[nodiscard]] state now() const { return state_; }
    [[nodiscard]] bool is_delegated_to() const { return is_delegated_to_; }
    [[nodiscard]] bool delegates() const { return state_ == state::suspended && inner_ != nullptr; }

private:
    struct outcome {
        bool yielded;
        signal what;
    };

    signal use(signal in, bool raise);
    outcome resume(signal in);
    outcome run(signal in);
    outcome end(signal how);
    signal delegate(signal in, bool& yielded);
    bool begin_delegation(const step& s, signal& in, bool& waits);
    void end_delegation();
    void destroy();

    model_world& world_;
    int plan_;
    std::size_t at_ = 0;
    state state_ = state::created;
    bool is_delegated_to_ = false;
    bool has_result_ = false;
    bool returned_ = false;
    int result_ = 0;
    model* inner_ = nullptr;
    std::unique_ptr<model> temporary_;
};

struct model_world {
    const plans& all;
    journal log;
    std::array<std::unique_ptr<model>, slot_count> slots;
};

/// A use of a generator by the program. `raise`: `in` is thrown, not sent.
inline signal model::use(signal in, bool raise) {
    if (is_delegated_to_) return {signal::kind::misuse};
    if (state_ == state::closed) return raise ? in : signal{};
    if (state_ == state::created) {
        if (raise) {
            state_ = state::closed;
            return in;
        }
        if (in.what == signal::kind::value) return {signal::kind::misuse};  // not_started
    }
    const outcome out = resume(in);
    if (out.yielded || out.what.raises()) return out.what;
    return {};
}

inline signal model::close() {
    if (is_delegated_to_) return {signal::kind::misuse};
    if (state_ == state::created) state_ = state::closed;
    if (state_ == state::closed) return {};
    const outcome out = resume({signal::kind::exit});
    if (out.yielded) return {signal::kind::ignored};
    return out.what.raises() && out.what.what != signal::kind::exit ? out.what : signal{};
}

inline signal model::result() {
    if (state_ != state::closed || !returned_ || !has_result_) return {signal::kind::misuse};
    has_result_ = false;
    return {signal::kind::value, result_};
}

inline model::outcome model::resume(signal in) {
    const bool first = state_ == state::created;
    state_ = state::running;
    const outcome out = first ? run({}) : run(in);
    if (out.yielded) state_ = state::suspended;
    return out;
}

inline model::outcome model::end(signal how) {
    state_ = state::closed;
    if (!how.raises()) {
        returned_ = has_result_ = true;
        result_ = how.number;
    }
    world_.log.push_back({leaves, plan_, 0});
    return {false, how};
}

/// Runs the body from where it stands, with `in` as what its `co_yield` gives or raises.
inline model::outcome model::run(signal in) {
    const plan& steps = world_.all[plan_];
    bool waits = inner_ != nullptr || at_ > 0;  // at the co_yield of steps[at_ - 1]
    while (true) {
        if (waits) {
            const step& s = steps[at_ - 1];
            if (inner_ != nullptr) {
                bool yielded = false;
                in = delegate(in, yielded);
                if (yielded) return {true, in};
                if (!in.raises()) world_.log.push_back({result_of_inner, plan_, in.number});
            } else if (!in.raises() && s.does == action::yields) {
                world_.log.push_back({got, plan_, in.number});
            }
            if (in.raises()) {
                world_.log.push_back({caught, plan_, static_cast<int>(in.what)});
                switch (s.on_error) {
                    case answer::passes_on: return end(in);
                    case answer::replaces: return end({signal::kind::error, s.value});
                    case answer::returns: return end({signal::kind::value, s.value});
                    case answer::swallows: break;
                }
            }
        }
        if (at_ == steps.size()) return end({signal::kind::value, -1});
        const step& s = steps[at_++];
        waits = true;
        in = {};
        switch (s.does) {
            case action::yields: return {true, {signal::kind::value, s.value}};
            case action::returns: return end({signal::kind::value, s.value});
            case action::fails: in = {signal::kind::error, s.value}; break;
            case action::delegates:
            case action::borrows: begin_delegation(s, in, waits); break;
        }
    }
}

/// False when there is nothing to delegate to; then `in` is the result, or the error.
inline bool model::begin_delegation(const step& s, signal& in, bool& waits) {
    if (s.does == action::delegates) {
        temporary_ = std::make_unique<model>(world_, s.target);
        inner_ = temporary_.get();
        return true;
    }
    model* const slot = world_.slots[s.target].get();
    if (slot == nullptr) {
        waits = false;  // Nobody is there: the statement does nothing.
        return false;
    }
    if (slot->state_ == state::closed) {
        in = slot->result();
        if (!in.raises()) {
            world_.log.push_back({result_of_inner, plan_, in.number});
            waits = false;
        }
        return false;
    }
    if (slot->state_ == state::running || slot->is_delegated_to_) {
        in = {signal::kind::misuse};
        return false;
    }
    inner_ = slot;
    slot->is_delegated_to_ = true;
    return true;
}

/// `yield from`: hands `in` to the inner generator; gives what it yields, returns or raises.
inline signal model::delegate(signal in, bool& yielded) {
    outcome out{false, {}};
    if (in.what == signal::kind::exit && inner_->state_ != state::created) {
        inner_->is_delegated_to_ = false;  // close() is called by the one that delegates.
        const signal closing = inner_->close();
        out.what = closing.raises() ? closing : in;
    } else {
        out = inner_->resume(in);
    }
    yielded = out.yielded;
    if (yielded) return out.what;
    if (!out.what.raises()) inner_->has_result_ = false;  // It is the value of the expression.
    end_delegation();
    return out.what;
}

inline void model::end_delegation() {
    inner_->is_delegated_to_ = false;
    inner_ = nullptr;
    temporary_.reset();
}

inline void model::destroy() {
    const bool has_locals = state_ == state::suspended;
    if (inner_ != nullptr) end_delegation();
    if (has_locals) world_.log.push_back({leaves, plan_, 0});
    state_ = state::closed;
}

}  // namespace fuzz
