#include "stop_signals.hpp"

#include <cerrno>
#include <sys/signalfd.h>
#include <unistd.h>

namespace weft::tool {

stop_signals::stop_signals() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    file_.reset(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!file_) throw_system_error(errno, "waiting for signals");
}

stop_signals::~stop_signals() {
    // One that is still pending would end the program when it is let through.
    while (take() != 0) {}
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int stop_signals::take() noexcept {
    signalfd_siginfo info{};
    if (::read(file_.get(), &info, sizeof info) != sizeof info) return 0;
    return static_cast<int>(info.ssi_signo);
}

int stop_signals::caught() noexcept {
    if (const int number = take(); number != 0) number_ = number;
    return number_;
}

}  // namespace weft::tool
