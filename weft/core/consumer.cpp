#include "weft/core/consumer.hpp"

#include "weft/base/unhandled.hpp"

#include <string>

namespace weft::detail {
namespace {

bool is_exit(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const generator_exit&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

void consumer_frame::failed() noexcept {
    error_.put(std::current_exception());
}

void consumer_frame::raise_injected() {
    std::rethrow_exception(error_.take());
}

/// This handle is done with the frame.
void consumer_frame::release(consumer_frame*& frame) noexcept {
    consumer_frame* const old = std::exchange(frame, nullptr);
    if (old->handles_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    if (old->error_) old->error_.put(nullptr);
    old->handle().destroy();
}

/// True when other handles go on using the body; this one then lets go of it.
bool consumer_frame::drop_shared(consumer_frame*& frame) noexcept {
    if (frame->handles_.load(std::memory_order_acquire) == 1) return false;
    release(frame);
    return true;
}

bool consumer_frame::settle(consumer_frame*& frame) {
    std::exception_ptr error = frame->error_.take();
    release(frame);
    if (error) std::rethrow_exception(std::move(error));
    return false;
}

bool consumer_frame::refuse(consumer_frame*& frame) {
    if (frame == nullptr) return false;
    if (!frame->done()) frame->refuse_running("send()");
    return settle(frame);
}

bool consumer_frame::raise(consumer_frame*& frame, std::exception_ptr error) {
    if (!error)
        throw usage_error("throw_(): the exception_ptr is empty: pass an exception, or one of "
                          "std::current_exception() inside a catch block");
    if (frame == nullptr) std::rethrow_exception(std::move(error));
    if (frame->done()) {
        settle(frame);  // An error of its own, not yet delivered, comes first.
        std::rethrow_exception(std::move(error));
    }
    if (!frame->ready()) frame->refuse_running("throw_()");
    frame->error_.put(std::move(error));
    frame->resume(nullptr);
    return frame->ready() || settle(frame);
}

void consumer_frame::close(consumer_frame*& frame) {
    if (frame == nullptr) return;
    if (frame->done()) {
        settle(frame);
        return;
    }
    if (drop_shared(frame)) return;
    if (!frame->ready()) frame->refuse_running("close()");
    frame->error_.put(std::make_exception_ptr(generator_exit{}));
    frame->resume(nullptr);
    if (frame->ready())
        throw ignored_exit(
            "close(): the consumer caught generator_exit and waits for another item: let the exit "
            "pass, or return; the consumer is still alive");
    std::exception_ptr error = frame->error_.take();
    release(frame);
    if (error && !is_exit(error)) std::rethrow_exception(std::move(error));
}

void consumer_frame::close_unwatched(consumer_frame*& frame) noexcept {
    WEFT_CHECK(frame->ready() || frame->done() ||
                   frame->handles_.load(std::memory_order_relaxed) > 1,
               "a consumer was destroyed while its body runs: keep the consumer object alive until "
               "send(), throw_() or close() has returned");
    try {
        close(frame);
    } catch (...) {
        report_unhandled(std::current_exception(), "the destructor of a consumer");
        if (frame != nullptr) release(frame);  // It ignored the exit: destroyed where it stands.
    }
}

void consumer_frame::refuse_running(const char* attempt) const {
    const std::source_location at = created_at();
    throw already_executing(std::string(attempt) + ": consumer '" +
                            std::string(short_function_name(at)) + "' (" + at.file_name() + ":" +
                            std::to_string(at.line()) +
                            ") is running already: a consumer cannot be resumed from its own body, "
                            "through a cycle, or by a second thread");
}

void refuse_to_share() {
    throw usage_error(
        "share(): this consumer has ended or was moved from: there is no body to share");
}

void refuse_moved_consumer() {
    throw usage_error("this consumer was moved from: use the object it was moved to");
}

}  // namespace weft::detail
