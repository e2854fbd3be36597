#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The client of the echo benchmarks.
namespace bench {

/// Lets this process, and so the servers that it starts, hold this many descriptors at once. Ends
/// the process with what to do when it may not.
void raise_descriptor_limit(std::size_t wanted);

/// A TCP connection to a port of 127.0.0.1, blocking, from one of many addresses of the loopback
/// (an address has some 28,000 ports): `index` says from which.
[[nodiscard]] int connect_to_echo(int port, std::size_t index);

/// Connections each of which sends 64 bytes, waits for them to come back, and begins again: a
/// closed loop. What comes back is compared with what was sent.
class echo_load {
public:
    static constexpr std::size_t message_size = 64;

    /// Connects them; each has been through one exchange then, and is silent.
    echo_load(int port, std::size_t connections);
    echo_load(const echo_load&) = delete;
    echo_load& operator=(const echo_load&) = delete;
    ~echo_load();

    /// Sends on each connection. What follows is counted by `run`.
    void start();
    /// Exchanges messages for this time, and until one has come back; returns how many have. One
    /// is on its way on each connection when it returns.
    [[nodiscard]] std::uint64_t run_for(std::chrono::duration<double> time);
    /// The same until so many have come back, or a few more.
    void run(std::uint64_t wanted);
    /// Receives what is on its way: all are silent.
    void finish();

private:
    struct connection {
        int fd = -1;
        std::uint32_t received = 0;
    };

    void send(std::size_t index);
    /// True when a whole message has come back.
    [[nodiscard]] bool receive(std::size_t index);
    /// Handles what has come; returns how many messages came back.
    std::uint64_t turn(bool again);

    std::vector<connection> connections_;
    std::uint64_t on_their_way_ = 0;
    int set_;
};

}  // namespace bench
