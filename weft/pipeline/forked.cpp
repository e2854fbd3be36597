#include "weft/pipeline/forked.hpp"

#include "weft/base/error.hpp"
#include "weft/base/fd.hpp"
#include "weft/base/unhandled.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <sys/wait.h>
#include <typeinfo>
#include <unistd.h>

namespace weft {

forked_error::~forked_error() = default;

namespace detail {

std::string type_name_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const forked_error& e) {
        return e.type();
    } catch (...) {
        const std::type_info* const type = abi::__cxa_current_exception_type();
        if (type == nullptr) return "an unknown type";
        int failed = 0;
        const std::unique_ptr<char, void (*)(void*)> name(
            abi::__cxa_demangle(type->name(), nullptr, nullptr, &failed), &std::free);
        return failed == 0 ? name.get() : type->name();
    }
}

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return describe_exception(error);
    }
}

void forked_base::begin(void (*body)(void* argument, queue_receiver& in), void* argument) {
    const forked_process made = fork_with_socket();
    peer_.open(made.descriptor);
    if (made.pid != 0) {
        pid_ = number_ = made.pid;
        memory_.keep_from_children();
        return;
    }
    queue_receiver in(memory_, peer_);
    auto how = shared_queue::life::ended;
    try {
        body(argument, in);
    } catch (...) {
        in.fails();
        how = shared_queue::life::failed;
    }
    exit_child(in, how);
}

forked_base::~forked_base() {
    if (!is_mine()) {
        // What is the parent's, and not here any more.
        memory_.disown();
        peer_.disown();
        return;
    }
    if (pid_ < 0) return;
    try {
        close();
    } catch (...) {
        report_unhandled(std::current_exception(), "the process of forked() or parallel_map()");
    }
}

void forked_base::refuse_elsewhere() {
    throw usage_error("a consumer of forked() belongs to the process that called it: in a child, "
                      "make one of your own");
}

bool forked_base::send_large(std::string_view bytes) {
    if (!is_mine()) refuse_elsewhere();
    return out_.receiver_runs() && !peer_.is_gone() && out_.send_bytes(bytes, frame_kind::item);
}

/// Waits for the end of the child, and takes it away.
void forked_base::reap() {
    if (pid_ < 0) return;
    out_.close();
    while (!peer_.is_gone()) peer_.wait(process_peer::waiting::shielded);
    pid_t got = -1;
    do {
        got = ::waitpid(pid_, &status_, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) status_ = 0;  // Somebody else has taken it, and its status.
    pid_ = -1;
    peer_.close();
}

bool forked_base::finish() {
    if (!is_mine()) refuse_elsewhere();
    const bool is_first = pid_ >= 0;
    reap();
    if (!is_first) return false;
    const shared_queue& q = memory_.queue();
    switch (q.state.load(std::memory_order_acquire)) {
        case shared_queue::life::failed: throw forked_error(q.error_text, q.error_type);
        case shared_queue::life::running: throw_death();
        case shared_queue::life::ended:
            if (status_ != 0) throw_death();
            break;
    }
    return false;
}

void forked_base::throw_death() const {
    const std::uint64_t taken = memory_.queue().taken.load(std::memory_order_relaxed);
    std::string text = "forked(): process " + std::to_string(number_);
    if (WIFSIGNALED(status_)) {
        const int signal = WTERMSIG(status_);
        text +=
            " was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
    } else {
        text += " ended with status " + std::to_string(WEXITSTATUS(status_));
    }
    text += " after " + std::to_string(taken) + (taken == 1 ? " item taken" : " items taken");
    throw forked_error(text, status_, taken);
}

void forked_base::close() {
    // In a child of the user's there is nothing to close, and nobody to tell.
    if (is_mine()) static_cast<void>(finish());
}

bool forked_base::raise(std::exception_ptr error) {
    if (!is_mine()) refuse_elsewhere();
    const std::pair<std::string, std::string> told(text_of(error), type_name_of(error));
    using form = wire<std::pair<std::string, std::string>>;
    std::string bytes(form::size(told), '\0');
    form::put(bytes.data(), told);
    if (!out_.receiver_runs() || peer_.is_gone() || !out_.send_bytes(bytes, frame_kind::raise)) {
        static_cast<void>(finish());
        std::rethrow_exception(std::move(error));
    }
    return out_.wait_for_answer(++raises_) || finish();
}

}  // namespace detail
}  // namespace weft
