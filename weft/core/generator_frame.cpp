#include "weft/core/generator_frame.hpp"

#include <string>
#include <string_view>

namespace weft::detail {

constinit std::atomic<unsigned> injections = 0;

namespace {

/// The frame that this thread is resuming with an exception, until its `co_yield` has raised it.
constinit thread_local generator_frame* injected_frame = nullptr;

}  // namespace

bool generator_frame::start() noexcept {
    set_phase(phase::live);
    resume_body();
    return ready() || settle();
}

/// Nothing was yielded by the last resume: a delegation began or ended, or the body is done.
[[gnu::noinline]] bool generator_frame::settle() noexcept {
    while (!done()) {
        leaf_->resume_body();
        if (ready()) return true;
    }
    return false;
}

// The thread-local pointer is touched by out-of-line functions only: a compiler may keep its
// address across a suspension, after which the body may be on another thread.

[[gnu::noinline]] void generator_frame::inject(std::exception_ptr error) noexcept {
    error_.put(std::move(error));
    in_.put<void*>(nullptr);
    injected_frame = this;
    injections.fetch_add(1, std::memory_order_relaxed);
}

[[gnu::noinline]] void generator_frame::raise_injected() {
    injected_frame = nullptr;
    injections.fetch_sub(1, std::memory_order_relaxed);
    std::rethrow_exception(error_.take());
}

[[gnu::noinline]] void generator_frame::raise_on_this_thread() {
    if (injected_frame != nullptr) injected_frame->raise_injected();
}

void generator_frame::check_injected() {
    if (error_) raise_injected();
}

bool generator_frame::resume_raising(std::exception_ptr error, bool closing) noexcept {
    leaf_->inject(std::move(error));
    if (!closing) return resume();
    for (delegation* link = leaf_->up_; link != nullptr; link = link->outer->up_)
        link->closing = true;
    resume();
    return settle_closing();
}

/// Values yielded by a generator that is being closed by a delegation are errors in the one that
/// delegates (PEP 380: its `close()` raises RuntimeError there).
bool generator_frame::settle_closing() noexcept {
    while (ready()) {
        delegation* link = leaf_->up_;
        while (link != nullptr && !link->closing) link = link->outer->up_;
        if (link == nullptr) break;
        detach(*link);
        leaf_->inject(std::make_exception_ptr(
            ignored_exit("a generator that another delegates to yielded a value in answer to "
                         "close(): let generator_exit pass, or return")));
        resume();
    }
    return ready();
}

/// `inner` was resumed before, by itself: its whole chain joins the one of this root.
void generator_frame::join(generator_frame* inner) noexcept {
    inner->at_.store(nullptr, std::memory_order_relaxed);
    leaf_ = inner->leaf_;
    for (generator_frame* f = inner->leaf_; f != inner; f = f->up_->outer) f->root_ = this;
    inner->root_ = this;
    inner->leaf_ = inner;  // Else it would point to a frame that ends first.
    leaf_->in_.put<void*>(nullptr);
}

void generator_frame::undelegate(delegation& link) {
    if (link.inner == nullptr) link.outer->raise_injected();  // settle_closing detached it.
    if (generator_frame* const inner = link.inner->frame_; inner != nullptr) {
        inner->up_ = nullptr;
        inner->rethrow_error();
    }
    if (link.closing) throw generator_exit{};
}

/// The inner generator of `link` lives on without its outer: makes it a root of its own again.
void generator_frame::detach(delegation& link) noexcept {
    generator_frame* const inner = link.inner->frame_;
    generator_frame* const root = link.outer->root_;
    inner->leaf_ = root->leaf_;
    for (generator_frame* f = inner->leaf_; f != inner; f = f->up_->outer) f->root_ = inner;
    inner->root_ = inner;
    inner->up_ = nullptr;
    inner->at_.store(root->at_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    inner->out_ = root->out_;
    root->leaf_ = link.outer;
    link.inner = nullptr;
    link.closing = true;
}

void generator_frame::destroy() noexcept {
    WEFT_CHECK(ready() || get_phase() != phase::live,
               "a generator was destroyed while its body runs or another delegates to it: keep the "
               "generator object alive until next(), send(), throw_() or close() has returned");
    if (leaf_ != this) [[unlikely]]
        destroy_chain();
    if (error_) [[unlikely]]
        error_.put(nullptr);
    handle().destroy();
}

/// Destroys what this one delegates to, innermost first: locals of an inner generator may refer to
/// those of its outer ones. In a loop, so that the stack stays flat.
void generator_frame::destroy_chain() noexcept {
    // A generator object that lies outside of its outer's frame outlives it, and with it all below.
    // One that lies in that frame dies with it in any case.
    delegation* outliving = nullptr;
    for (delegation* link = leaf_->up_; link != nullptr; link = link->outer->up_)
        if (!link->outer->contains(link->inner)) outliving = link;
    if (outliving != nullptr) detach(*outliving);
    while (leaf_ != this) {
        generator_frame* const victim = leaf_;
        delegation* const link = victim->up_;
        leaf_ = link->outer;
        link->inner->frame_ = nullptr;
        victim->handle().destroy();
    }
}

bool generator_frame::contains(const void* object) const noexcept {
    return reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(address()) <
           bytes();
}

generator_state generator_frame::state() const noexcept {
    switch (get_phase()) {
        case phase::created: return generator_state::created;
        case phase::done: return generator_state::closed;
        case phase::live: break;
    }
    return root_->ready() ? generator_state::suspended : generator_state::running;
}

std::source_location generator_frame::where() const noexcept {
    if (get_phase() != phase::live) return created_at();
    const generator_frame* const leaf = root_->leaf_;
    if (leaf == this)
        return root_->ready() ? location_at(root_->at_.load(std::memory_order_relaxed))
                              : created_at();
    const delegation* link = leaf->up_;
    while (link->outer != this) link = link->outer->up_;
    return location_at(link->where);
}

const generator_frame* generator_frame::delegated() const noexcept {
    if (get_phase() != phase::live) return nullptr;
    const generator_frame* inner = nullptr;
    for (const generator_frame* f = root_->leaf_; f != this; f = f->up_->outer) inner = f;
    return inner;
}

// Out of line: inlined, it would make every body save registers.
void generator_frame::failed() noexcept {
    error_.put(std::current_exception());
}

namespace {

std::string name_and_place(const generator_frame& frame) {
    const std::source_location at = frame.created_at();
    return "generator '" + std::string(short_function_name(at)) + "' (" + at.file_name() + ":" +
           std::to_string(at.line()) + ")";
}

}  // namespace

void generator_frame::refuse_to_resume(const char* attempt) const {
    const std::string what = std::string(attempt) + ": " + name_and_place(*this);
    if (created())
        throw not_started(what +
                          " has not started, nothing waits for the value: call next() first");
    if (up_ != nullptr && root_->ready())
        throw already_executing(what + " is delegated to by another generator: resume that one");
    throw already_executing(what +
                            " is running already: a generator cannot be resumed from its own "
                            "body, through a cycle, or by a second thread");
}

std::string_view short_function_name(std::source_location where) noexcept {
    std::string_view text = where.function_name();
    // Cut the parameters: the first '(' outside of template brackets that follows a name.
    std::size_t depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '<') ++depth;
        if (c == '>' && depth > 0) --depth;
        if (depth > 0) continue;
        if (c == ' ' || c == ':' || c == '*' || c == '&') begin = i + 1;
        if (c == '(' && i > begin) return text.substr(begin, i - begin);
    }
    return text;
}

}  // namespace weft::detail
