#include "weft/testing/network_options.hpp"

#include "weft/base/error.hpp"
#include "weft/testing/sim_address.hpp"

namespace weft::testing {
namespace {

double checked_chance(double chance, const char* name) {
    if (!(chance >= 0 && chance <= 1))
        throw usage_error(std::string("network_options::") + name + " is " +
                          std::to_string(chance) + ": give a probability from 0 to 1");
    return chance;
}

}  // namespace

network_options& network_options::delay(clock::duration min, clock::duration max) {
    if (min < clock::duration::zero() || min > max)
        throw usage_error("network_options::delay ends before it begins: give a minimum that is "
                          "not negative, then a maximum that is not less");
    delay_min_ = min;
    delay_max_ = max;
    return *this;
}

network_options& network_options::datagram_loss(double chance) {
    datagram_loss_ = checked_chance(chance, "datagram_loss");
    return *this;
}

network_options& network_options::datagram_duplication(double chance) {
    datagram_duplication_ = checked_chance(chance, "datagram_duplication");
    return *this;
}

network_options& network_options::connect_failure(double chance) {
    connect_failure_ = checked_chance(chance, "connect_failure");
    return *this;
}

network_options& network_options::reset_chance(double chance) {
    reset_chance_ = checked_chance(chance, "reset_chance");
    return *this;
}

network_options& network_options::accept_failure(double chance) {
    accept_failure_ = checked_chance(chance, "accept_failure");
    return *this;
}

network_options& network_options::unreachable(std::string_view host) {
    static_cast<void>(sim_address::host_of(host));
    unreachable_.emplace_back(host);
    return *this;
}

network_options& network_options::buffers(std::size_t send, std::size_t receive) {
    if (send == 0 || receive == 0)
        throw usage_error("network_options::buffers without room would never pass a byte: give "
                          "one byte at least");
    send_buffer_ = send;
    receive_buffer_ = receive;
    return *this;
}

}  // namespace weft::testing
