#include "weft/pipeline/quiet_thread.hpp"

#include <csignal>
#include <pthread.h>

namespace weft::detail {

std::thread start_quiet_thread(void (*work)(void*), void* argument, const char* name) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread begun(work, argument);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        ::pthread_setname_np(begun.native_handle(), name);
        return begun;
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
}

}  // namespace weft::detail
