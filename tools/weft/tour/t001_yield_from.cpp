// Article 001: what `yield from` is for, and what a generator is not.

#include "program.hpp"

#include "weft/weft.hpp"

#include <ranges>
#include <string>
#include <string_view>
#include <variant>

namespace weft::tour {
namespace {

using namespace std::string_view_literals;

// 1.6
using letter_or_number = std::variant<char, int>;

generator<letter_or_number> with_loops() {
    for (char c : "AB"sv) co_yield c;
    for (int i : std::views::iota(1, 3)) co_yield i;
}

generator<letter_or_number> with_from() {
    co_yield from("AB");
    co_yield from(std::views::iota(1, 3));
}

void flatten(guide& show) {
    for (auto make : {with_loops, with_from}) {
        for (letter_or_number item : make())
            std::visit([&](auto value) { show.print("{} ", value); }, item);
        show.print("\n");
    }
}

// 1.7
generator<std::string, int, std::string> guessing() {
    for (;;) {
        int guess = co_yield "fail";
        if (guess == 10) co_return "win";
    }
}

// It passes both directions on without touching a value, then gets what guessing() returned.
generator<std::string, int> outer(guide& show) {
    std::string answer = co_yield from(guessing());
    show.print("{}\n", answer);
}

void two_way(guide& show) {
    auto game = outer(show);
    show.print("{}\n", *game.next());
    show.print("{}\n", *game.send(7));
    show.check(!game.send(10), "the right guess ends both");
}

// 1.8. Python has one object for both, told apart by a flag; in C++ they are two types, and what
// is mixed up does not compile. (That a task is no range is shown with the tasks.)
template <class T>
concept awaitable = requires(T t) { t.await_ready(); } || requires(T t) {
    static_cast<T&&>(t).operator co_await();
} || requires(T t) { operator co_await(static_cast<T&&>(t)); };

static_assert(std::ranges::input_range<generator<int>>);
static_assert(std::ranges::view<generator<int>>);
static_assert(!awaitable<generator<int>>);
static_assert(!awaitable<consumer<int>> && !std::ranges::range<consumer<int>>);

void two_kinds(guide& show) {
    show.print("            range   awaitable\n");
    show.print("generator   {:<5}   {}\n", std::ranges::range<generator<int>>,
               awaitable<generator<int>>);
    show.print("consumer    {:<5}   {}\n", std::ranges::range<consumer<int>>,
               awaitable<consumer<int>>);
}

}  // namespace

programs yield_from() {
    return {
        {
            .id = "1.6",
            .title = "yield from flattens",
            .shows = "Two loops, then `co_yield from(range)` in their place: the same values.",
            .run = flatten,
            .expected = "A B 1 2 \nA B 1 2 \n",
        },
        {
            .id = "1.7",
            .title = "yield from is a two-way channel",
            .shows = "Values pass through the outer generator both ways; the inner's return is its "
                     "value.",
            .run = two_way,
            .expected = "fail\nfail\nwin\n",
        },
        {
            .id = "1.8",
            .title = "generators and native coroutines are different things",
            .shows = "A generator is a range and cannot be awaited; the compiler says so.",
            .run = two_kinds,
            .expected = "            range   awaitable\n"
                        "generator   true    false\n"
                        "consumer    false   false\n",
        },
    };
}

}  // namespace weft::tour
