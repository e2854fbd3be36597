// Short conversations with an echo server: it is connected to, answers one message of 64 bytes and
// is left. How many of them fit into a second of its processor's time, as the multiple of how many
// the minimal server of echo_raw.cpp does in turns with it. 64 go on at a time.

#include "echo_load.hpp"
#include "echo_turns.hpp"

#include <array>
#include <cstdint>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using seconds = std::chrono::duration<double>;

/// Conversations that follow each other without end, in `width` rows.
class conversations {
public:
    conversations(int port, std::size_t width)
        : port_(port), rows_(width), set_(::epoll_create1(EPOLL_CLOEXEC)) {}
    conversations(const conversations&) = delete;
    conversations& operator=(const conversations&) = delete;
    ~conversations() { ::close(set_); }

    void start() {
        for (std::size_t row = 0; row < rows_.size(); ++row) begin(row);
    }
    /// How many have ended in this time, which goes on until one has.
    [[nodiscard]] std::uint64_t run_for(seconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        std::uint64_t count = 0;
        while (count == 0 || std::chrono::steady_clock::now() < end) count += turn(true);
        return count;
    }
    void finish() {
        for (std::uint64_t left = rows_.size(); left > 0;) left -= turn(false);
    }

private:
    void begin(std::size_t row) {
        rows_[row] = bench::connect_to_echo(port_, begun_++);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = row;
        const std::array<char, bench::echo_load::message_size> message{};
        bench::need(::epoll_ctl(set_, EPOLL_CTL_ADD, rows_[row], &event) == 0 &&
                        ::send(rows_[row], message.data(), message.size(), MSG_NOSIGNAL) ==
                            static_cast<ssize_t>(message.size()),
                    "a conversation");
    }

    /// True when it has ended.
    [[nodiscard]] bool go_on(std::size_t row) {
        std::array<char, bench::echo_load::message_size> answer;
        const ssize_t got = ::recv(rows_[row], answer.data(), answer.size(), MSG_DONTWAIT);
        bench::need(got == static_cast<ssize_t>(answer.size()) || got == 0,
                    "an answer of an echo server, or its end");
        if (got > 0) return ::shutdown(rows_[row], SHUT_WR) != 0;
        ::close(rows_[row]);
        return true;
    }

    std::uint64_t turn(bool again) {
        std::array<epoll_event, 64> events;
        const int ready =
            ::epoll_wait(set_, events.data(), static_cast<int>(events.size()), 10'000);
        bench::need(ready > 0, "an echo server that goes on");
        std::uint64_t count = 0;
        for (int i = 0; i < ready; ++i) {
            const std::size_t row = events[static_cast<std::size_t>(i)].data.u64;
            if (!go_on(row)) continue;
            ++count;
            if (again) begin(row);
        }
        return count;
    }

    int port_;
    std::vector<int> rows_;
    std::size_t begun_ = 0;
    int set_;
};

double measure(const bench::echo_request& asked) {
    const auto compared =
        bench::compare_echo<conversations>(asked, asked.connections_or(64), "raw");
    bench::remark("connections_per_cpu_s", 1e6 / compared.us);
    bench::remark("connections_per_cpu_s_raw", 1e6 / compared.us_other);
    return 1 / compared.times_other;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, "times_raw", measure);
}
