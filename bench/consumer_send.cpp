// What it costs to hand an item to a consumer, against the ways to write a handler without a
// coroutine: a virtual function, a function of a struct, a std::function. None of them is inlined.

#include "bench.hpp"
#include "bodies.hpp"

#include <functional>

namespace {

constexpr std::uint64_t items = 100'000'000;

// Sends 0 … n-1 to what `make(total)` gives, and checks what has been added up in `total`.
template <class Make>
double measure(Make make) {
    return bench::ns_each(items, [&](std::uint64_t n) {
        std::uint64_t total = 0;
        {
            auto&& send = make(total);
            for (std::uint64_t i = 0; i < n; ++i) send(i);
        }
        bench::require(total == n * (n - 1) / 2, "the sum of the items");
    });
}

class send_to_consumer {
public:
    explicit send_to_consumer(std::uint64_t& total) : sum_(bench::sum_weft(total)) {}
    void operator()(std::uint64_t item) { sum_.send(item); }

private:
    weft::consumer<std::uint64_t> sum_;
};

class send_to_virtual {
public:
    explicit send_to_virtual(std::uint64_t& total) : sum_(total) {}
    void operator()(std::uint64_t item) { handler_.send(item); }

private:
    bench::sum_virtual sum_;
    bench::handler& handler_ = bench::sum_handler(sum_);
};

class send_to_struct {
public:
    explicit send_to_struct(std::uint64_t& total) noexcept : total_(total) {}
    ~send_to_struct() { total_ = sum_.total; }
    void operator()(std::uint64_t item) { sum_.send(item); }

private:
    bench::sum_struct sum_;
    std::uint64_t& total_;
};

double measure_weft(std::string_view) {
    return measure([](std::uint64_t& total) { return send_to_consumer(total); });
}
double measure_virtual(std::string_view) {
    return measure([](std::uint64_t& total) { return send_to_virtual(total); });
}
double measure_struct(std::string_view) {
    return measure([](std::uint64_t& total) { return send_to_struct(total); });
}
double measure_function(std::string_view) {
    return measure([](std::uint64_t& total) {
        std::function<void(std::uint64_t)> send = [&total](std::uint64_t item) { total += item; };
        bench::keep(send);  // Now it might hold any other function.
        return send;
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_send",
                      {{"weft", measure_weft},
                       {"virtual", measure_virtual},
                       {"struct", measure_struct},
                       {"function", measure_function}});
}
