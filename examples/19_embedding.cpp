// A loop within another one: here the oldest of all, around poll(2), with a descriptor of its own.

#include <weft/weft.hpp>

#include <array>
#include <iostream>
#include <poll.h>
#include <unistd.h>

/// The program that was there before weft: it waits for a pipe.
class old_program {
public:
    old_program() {
        if (::pipe(ends_.data()) != 0) weft::throw_system_error(errno, "opening a pipe");
    }
    ~old_program() {
        for (const int end : ends_) ::close(end);
    }
    [[nodiscard]] int readable() const { return ends_[0]; }
    void ask(char what) const {
        if (::write(ends_[1], &what, 1) != 1) weft::throw_system_error(errno, "writing to a pipe");
    }
    [[nodiscard]] char hear() const {
        char what = 0;
        return ::read(ends_[0], &what, 1) == 1 ? what : '?';
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

int main() {
    const old_program old;
    weft::loop mine;

    // What is new is a coroutine. It may sleep and wait, and the old loop goes on.
    const auto h = mine.spawn([&old] {
        for (const char letter : {'a', 'b', 'c'}) {
            weft::await(weft::sleep(std::chrono::milliseconds(1)));
            old.ask(letter);
        }
    });

    std::array<pollfd, 2> waits{pollfd{old.readable(), POLLIN, 0}, pollfd{mine.fd(), POLLIN, 0}};
    for (int heard = 0; heard < 3;) {
        ::poll(waits.data(), waits.size(), -1);
        if (waits[1].revents != 0) mine.run_ready();
        if (waits[0].revents != 0) {
            std::cout << "the old loop hears " << old.hear() << '\n';
            ++heard;
        }
    }
    while (!h.ready()) mine.run_ready();
    std::cout << "the coroutine has ended\n";
}
