#include "weft/pipeline/wire.hpp"

#include <gtest/gtest.h>
#include <list>
#include <map>
#include <string>
#include <vector>

namespace {

struct point {
    int x = 0;
    double y = 0;
    bool operator==(const point&) const = default;
};
struct bus {
    int route = 0;
    std::string direction;
    std::vector<point> path;
    bool operator==(const bus&) const = default;
};

}  // namespace

template <>
struct weft::wire<bus> : weft::wire_members<bus, &bus::route, &bus::direction, &bus::path> {};

namespace {

template <class T>
std::string written(const T& item) {
    std::string bytes(weft::wire<T>::size(item), '\0');
    const char* const end = weft::wire<T>::put(bytes.data(), item);
    EXPECT_EQ(end, bytes.data() + bytes.size());
    return bytes;
}

template <class T>
void expect_crosses(const T& item) {
    const std::string bytes = written(item);
    weft::wire_reader from(bytes);
    EXPECT_EQ(weft::wire<T>::get(from), item);
    EXPECT_EQ(from.left(), 0U);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        weft::wire_reader half(std::string_view(bytes).substr(0, cut));
        EXPECT_THROW(static_cast<void>(weft::wire<T>::get(half)), weft::wire_error);
    }
}

TEST(wire, what_is_written_is_read_and_what_is_cut_short_is_refused) {
    expect_crosses(42);
    expect_crosses(point{1, 2.5});
    expect_crosses(std::string("text"));
    expect_crosses(std::string());
    expect_crosses(std::string_view("a view"));
    expect_crosses(std::pair(1, std::string("one")));
    expect_crosses(std::tuple(std::string("a"), 'b', 3.0));
    expect_crosses(std::optional<std::string>("some"));
    expect_crosses(std::optional<std::string>());
    expect_crosses(std::vector<std::string>{"a", "", "c"});
    expect_crosses(std::list<int>{1, 2});
    expect_crosses(std::map<std::string, std::string>{{"route", "22"}, {"id", "7"}});
    expect_crosses(std::variant<int, std::string>("text"));
    expect_crosses(bus{22, "North Bound", {{1, 2}, {3, 4}}});
}

TEST(wire, a_text_of_impossible_length_is_refused_without_taking_memory) {
    std::string bytes(8, '\xff');
    weft::wire_reader from(bytes);
    EXPECT_THROW(static_cast<void>(weft::wire<std::string>::get(from)), weft::wire_error);
    weft::wire_reader again(bytes);
    EXPECT_THROW(static_cast<void>(weft::wire<std::vector<int>>::get(again)), weft::wire_error);
}

}  // namespace
