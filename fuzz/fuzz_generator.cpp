// Random uses of random chains of delegating generators, against a small model of PEP 342 and 380.
//
// The input is a set of plans (what each body does, step by step) and a list of operations. Both
// the library and the model carry them out; results, errors, states and what the bodies saw must
// agree.

#include "generator_model.hpp"

#include "weft/core/generator.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <span>

namespace {

using fuzz::action;
using fuzz::answer;
using fuzz::signal;

using real = weft::generator<int, int, int>;

struct planned_error {
    int number;
};

struct real_world {
    const fuzz::plans& all;
    fuzz::journal log;
    std::array<std::unique_ptr<real>, fuzz::slot_count> slots;
};

class leaving {
public:
    leaving(real_world& world, int plan) : world_(world), plan_(plan) {}
    leaving(const leaving&) = delete;
    leaving& operator=(const leaving&) = delete;
    ~leaving() { world_.log.push_back({fuzz::leaves, plan_, 0}); }

private:
    real_world& world_;
    int plan_;
};

signal describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const planned_error& e) {
        return {signal::kind::error, e.number};
    } catch (const weft::generator_exit&) {
        return {signal::kind::exit};
    } catch (const weft::ignored_exit&) {
        return {signal::kind::ignored};
    } catch (const weft::usage_error&) {
        return {signal::kind::misuse};
    }
}

/// A body: carries out its plan.
real body(real_world& world, int plan) {
    const leaving at_end(world, plan);
    for (const fuzz::step& s : world.all[plan]) {
        std::exception_ptr error;
        try {
            switch (s.does) {
                case action::yields: {
                    const int got = co_yield s.value;
                    world.log.push_back({fuzz::got, plan, got});
                    break;
                }
                case action::delegates: {
                    const int result = co_yield weft::from(body(world, s.target));
                    world.log.push_back({fuzz::result_of_inner, plan, result});
                    break;
                }
                case action::borrows: {
                    if (world.slots[s.target] == nullptr) break;
                    const int result = co_yield weft::from(*world.slots[s.target]);
                    world.log.push_back({fuzz::result_of_inner, plan, result});
                    break;
                }
                case action::fails: throw planned_error{s.value};
                case action::returns: co_return s.value;
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (!error) continue;
        world.log.push_back({fuzz::caught, plan, static_cast<int>(describe(error).what)});
        switch (s.on_error) {
            case answer::passes_on: std::rethrow_exception(error);
            case answer::replaces: throw planned_error{s.value};
            case answer::returns: co_return s.value;
            case answer::swallows: break;
        }
    }
    co_return -1;
}

/// The bytes of the input; zeroes when they run out.
class bytes {
public:
    explicit bytes(std::span<const std::uint8_t> all) : rest_(all) {}
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    int below(int n) {
        if (rest_.empty()) return 0;
        const int value = rest_.front() % n;
        rest_ = rest_.subspan(1);
        return value;
    }

private:
    std::span<const std::uint8_t> rest_;
};

fuzz::plans read_plans(bytes& in) {
    fuzz::plans all;
    for (int p = 0; p < fuzz::plan_count; ++p) {
        for (int n = in.below(5); n > 0; --n) {
            fuzz::step s;
            // The last plan has nobody to delegate to, so that chains end.
            constexpr std::array kinds{action::yields,    action::yields,    action::yields,
                                       action::delegates, action::delegates, action::borrows,
                                       action::fails,     action::returns};
            s.does = kinds[in.below(static_cast<int>(kinds.size()))];
            s.on_error = static_cast<answer>(in.below(4));
            s.value = in.below(100);
            const bool last = p + 1 == fuzz::plan_count;
            if (s.does == action::delegates && last) s.does = action::yields;
            if (s.does == action::delegates) s.target = p + 1 + in.below(fuzz::plan_count - p - 1);
            if (s.does == action::borrows) s.target = in.below(fuzz::slot_count);
            all[p].push_back(s);
        }
    }
    return all;
}

template <class Use>
signal outcome(Use use) {
    try {
        const auto item = use();
        return item ? signal{signal::kind::value, *item} : signal{};
    } catch (...) {
        return describe(std::current_exception());
    }
}

void require(bool good, const char* what, int operation) {
    if (good) return;
    std::fprintf(stderr, "the generator and its model disagree: %s, after operation %d\n", what,
                 operation);
    std::abort();
}

void operate(int operation, bytes& in, real& g, fuzz::model& m) {
    const int number = in.below(100);
    signal mine;
    signal theirs;
    switch (operation) {
        case 0:
        case 1:
            mine = outcome([&] { return g.next(); });
            theirs = m.next();
            break;
        case 2:
            mine = outcome([&] { return g.send(number); });
            theirs = m.send(number);
            break;
        case 3:
            mine = outcome([&] { return g.throw_(planned_error{number}); });
            theirs = m.throw_({signal::kind::error, number});
            break;
        case 4:
            mine = outcome([&] { return g.throw_(weft::generator_exit{}); });
            theirs = m.throw_({signal::kind::exit});
            break;
        case 5:
            mine = outcome([&] {
                g.close();
                return weft::yielded<int>();
            });
            theirs = m.close();
            break;
        default:
            mine = outcome([&] { return std::optional<int>(g.result()); });
            theirs = m.result();
            break;
    }
    require(mine == theirs, "what it gave", operation);
}

void compare(const real_world& mine, const fuzz::model_world& theirs, int operation) {
    require(mine.log == theirs.log, "what the bodies saw", operation);
    for (int slot = 0; slot < fuzz::slot_count; ++slot) {
        if (mine.slots[slot] == nullptr) continue;
        const real& g = *mine.slots[slot];
        const fuzz::model& m = *theirs.slots[slot];
        require(static_cast<int>(g.state()) == static_cast<int>(m.now()), "its state", operation);
        require(static_cast<bool>(g.delegate()) == m.delegates(), "its delegate", operation);
    }
}

/// One operation on one slot.
void act(bytes& in, real_world& mine, fuzz::model_world& theirs) {
    const int operation = in.below(10);
    const int slot = in.below(fuzz::slot_count);
    auto& g = mine.slots[slot];
    auto& m = theirs.slots[slot];
    if (g == nullptr) {
        const int plan = in.below(fuzz::plan_count);
        g = std::make_unique<real>(body(mine, plan));
        m = std::make_unique<fuzz::model>(theirs, plan);
    } else if (operation == 9) {
        if (m->is_delegated_to()) return;  // A clear end of the process: see the tests.
        g.reset();
        m.reset();
    } else if (operation >= 7) {
        g = std::make_unique<real>(std::move(*g));  // also while another delegates to it
    } else {
        operate(operation, in, *g, *m);
    }
    compare(mine, theirs, operation);
}

/// Those that delegate go before those that are delegated to.
void destroy_all(real_world& mine, fuzz::model_world& theirs) {
    for (int round = 0; round < fuzz::slot_count; ++round) {
        for (int slot = 0; slot < fuzz::slot_count; ++slot) {
            if (mine.slots[slot] == nullptr || theirs.slots[slot]->is_delegated_to()) continue;
            mine.slots[slot].reset();
            theirs.slots[slot].reset();
            compare(mine, theirs, 9);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 400) return 0;
    bytes in(std::span(data, size));
    const fuzz::plans all = read_plans(in);
    real_world mine{all, {}, {}};
    fuzz::model_world theirs{all, {}, {}};
    while (!in.empty()) act(in, mine, theirs);
    destroy_all(mine, theirs);
    return 0;
}
