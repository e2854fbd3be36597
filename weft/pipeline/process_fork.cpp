#include "weft/base/check.hpp"
#include "weft/base/fd.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/pipeline/process_link.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <mutex>
#include <pthread.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace weft::detail {
namespace {

/// The end of the child that this thread forks.
thread_local int kept = -1;

/// The ends of links that this process has. A child of any fork closes them: else an end that it
/// inherited would hide the death, or the close, of the one that it was made for.
class link_ends {
public:
    static link_ends& all() {
        // Never destroyed: a fork may be the last that a process does.
        static auto* const ends = new link_ends;
        return *ends;
    }
    /// A pair, which no child of another thread gets unseen.
    void open(int (&pair)[2]) {
        const std::lock_guard lock(mutex_);
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            throw_system_error(errno, "forked(): making its sockets");
        fds_.insert(fds_.end(), {pair[0], pair[1]});
    }
    void close(int fd) noexcept {
        const std::lock_guard lock(mutex_);
        std::erase(fds_, fd);
        ::close(fd);
    }
    void forget(int fd) noexcept {
        const std::lock_guard lock(mutex_);
        std::erase(fds_, fd);
    }

    std::atomic<unsigned> generation = 0;

private:
    link_ends() {
        const int failed = ::pthread_atfork(
            [] { all().mutex_.lock(); }, [] { all().mutex_.unlock(); }, [] { all().in_child(); });
        WEFT_CHECK(failed == 0, "no memory to note which descriptors a child must not keep");
    }
    void in_child() noexcept {
        const int mine = kept;
        for (const int fd : fds_)
            if (fd != mine) ::close(fd);
        std::erase_if(fds_, [mine](int fd) { return fd != mine; });
        generation.fetch_add(1, std::memory_order_relaxed);
        mutex_.unlock();
    }

    std::mutex mutex_;
    std::vector<int> fds_;
};

}  // namespace

unsigned process_generation() noexcept {
    return link_ends::all().generation.load(std::memory_order_relaxed);
}

void forget_link(int descriptor) noexcept {
    link_ends::all().forget(descriptor);
}

forked_process fork_with_socket() {
    link_ends& ends = link_ends::all();
    int pair[2];
    ends.open(pair);
    // What is buffered would be written by both.
    std::cout.flush();
    std::fflush(nullptr);
    kept = pair[1];
    const pid_t pid = ::fork();
    const int error = errno;
    kept = -1;
    if (pid == 0) {
        // The loop, if there is one, is the parent's, and so are its coroutines.
        the_scheduler = nullptr;
        return {0, pair[1]};
    }
    ends.close(pair[1]);
    if (pid < 0) {
        ends.close(pair[0]);
        throw_system_error(error, "forked(): starting a process");
    }
    return {pid, pair[0]};
}

void exit_child(queue_receiver& in, shared_queue::life how) noexcept {
    try {
        std::cout.flush();
        if (std::fflush(nullptr) != 0) throw_system_error(errno, "flushing what was written");
        if (how != shared_queue::life::failed) in.ends(how);
    } catch (...) {
        in.fails();
        how = shared_queue::life::failed;
    }
    // No destructor and no handler of the parent's runs.
    ::_exit(how == shared_queue::life::failed ? 1 : 0);
}

}  // namespace weft::detail
