#include "weft/core/greenlet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using ::testing::ElementsAre;
using weft::greenlet;
using weft::greenlet_event;

/// Traces while it lives.
class tracing {
public:
    explicit tracing(weft::greenlet_tracer tracer) { greenlet::set_tracer(std::move(tracer)); }
    tracing(const tracing&) = delete;
    tracing& operator=(const tracing&) = delete;
    ~tracing() { greenlet::set_tracer({}); }
};

TEST(greenlet_trace, tells_every_switch_and_throw_where_it_arrives) {
    greenlet main = greenlet::current();
    greenlet g([&main] {
        main.switch_to();
        main.switch_to();
    });
    const auto name = [&](const greenlet& one) { return one == main ? "main" : "g"; };
    std::vector<std::string> log;
    {
        const tracing on([&](greenlet_event event, const greenlet& from, const greenlet& to) {
            EXPECT_EQ(greenlet::current(), to);
            log.push_back(std::string(event == greenlet_event::thrown ? "throw " : "switch ") +
                          name(from) + " " + name(to));
        });
        g.switch_to();
        g.switch_to();
        EXPECT_THROW(g.throw_(1), int);
    }
    EXPECT_THAT(log, ElementsAre("switch main g", "switch g main", "switch main g", "switch g main",
                                 "throw main g", "throw g main"));
}

TEST(greenlet_trace, values_still_arrive) {
    int events = 0;
    greenlet main = greenlet::current();
    greenlet g([&main](int n) { return n + main.switch_to<int>(n); });
    const tracing on([&](greenlet_event, const greenlet&, const greenlet&) { ++events; });
    EXPECT_EQ(g.switch_to<int>(1), 1);
    EXPECT_EQ(g.switch_to<int>(2), 3);
    EXPECT_EQ(events, 4);
}

TEST(greenlet_trace, one_that_throws_is_removed_and_raises_where_it_was) {
    greenlet g([] { return 1; });
    const tracing on([](greenlet_event, const greenlet&, const greenlet&) { throw 5; });
    EXPECT_THROW(g.switch_to<int>(), int);
    greenlet next([] { return 2; });
    EXPECT_EQ(next.switch_to<int>(), 2);
}

}  // namespace
