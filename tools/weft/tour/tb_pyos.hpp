#pragma once

#include "guide.hpp"

#include "weft/core/scope.hpp"

#include <cerrno>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <utility>

/// What is left to write of the course's operating system in Python (pyos): the numbers of its
/// tasks. The rest of it, from the scheduler to the trampolines, is weft.
namespace weft::tour {

/// The task that calls, as its body sees it.
class process {
public:
    process(guide& out, scope& tasks, int& last_tid) noexcept
        : out_(&out), tasks_(&tasks), last_tid_(&last_tid), tid_(++last_tid) {}

    [[nodiscard]] int tid() const noexcept { return tid_; }
    [[nodiscard]] scope& tasks() const noexcept { return *tasks_; }
    [[nodiscard]] guide& out() const noexcept { return *out_; }
    /// One with the next number.
    [[nodiscard]] process child() const noexcept { return {*out_, *tasks_, *last_tid_}; }

    template <class... Args>
    void print(fmt::format_string<Args...> text, Args&&... args) const {
        out_->print(text, std::forward<Args>(args)...);
    }

private:
    guide* out_;
    scope* tasks_;
    int* last_tid_;
    int tid_;
};

/// Says when a task has ended, by itself or killed.
class notice_of_end {
public:
    explicit notice_of_end(process self) noexcept : self_(self) {}
    notice_of_end(const notice_of_end&) = delete;
    notice_of_end& operator=(const notice_of_end&) = delete;
    ~notice_of_end() { self_.print("Task {} terminated\n", self_.tid()); }

private:
    process self_;
};

/// What socket.recv and socket.send are in Python; what cannot be done now is an error here too.
inline std::string recv(int socket) {
    std::string bytes(1024, '\0');
    const ssize_t n = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (n < 0) throw std::system_error(errno, std::system_category(), "recv");
    bytes.resize(static_cast<std::size_t>(n));
    return bytes;
}
inline std::size_t send(int socket, std::string_view bytes) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) throw std::system_error(errno, std::system_category(), "send");
    return static_cast<std::size_t>(n);
}

/// pyos1 to pyos8, from the one and from the other.
void pyos_from_tasks(guide& show);
void pyos_from_fibers(guide& show);

}  // namespace weft::tour
