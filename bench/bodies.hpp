#pragma once

#include "minimal.hpp"

#include <weft/core/consumer.hpp>
#include <weft/core/generator.hpp>

#include <cstdint>
#include <string>

/// The bodies that are measured. They are defined in another file than the loops that drive them,
/// as in a real program: a compiler that sees both may fold the generator away, on one side or the
/// other.
namespace bench {

/// Yields 0 … n-1.
weft::generator<std::uint64_t> count_weft(std::uint64_t n);
minimal_generator<std::uint64_t> count_minimal(std::uint64_t n);

/// Yields one more than what it was sent last, for ever.
weft::generator<std::uint64_t, std::uint64_t> echo_weft();
minimal_exchange<std::uint64_t, std::uint64_t> echo_minimal();

/// Yields the same text n times, by reference.
weft::generator<const std::string&> text_weft(std::uint64_t n, const std::string& text);
minimal_generator<const std::string*> text_minimal(std::uint64_t n, const std::string& text);

/// Each adds up what it is handed.
weft::consumer<std::uint64_t> sum_weft(std::uint64_t& total);

struct sum_struct {
    std::uint64_t total = 0;
    void send(std::uint64_t item);
};

class handler {
public:
    virtual ~handler() = default;
    virtual void send(std::uint64_t item) = 0;
};

class sum_virtual final : public handler {
public:
    explicit sum_virtual(std::uint64_t& total) noexcept : total_(total) {}
    void send(std::uint64_t item) override;

private:
    std::uint64_t& total_;
};

/// The first of them behind its base class, where the compiler does not see which one it is.
handler& sum_handler(sum_virtual& sum);

}  // namespace bench
