// Where a switch goes, and what happens on the way: everything but the usual switch, which is in
// greenlet.hpp.

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/core/greenlet.hpp"
#include "weft/core/greenlet_errors.hpp"

#include <string_view>
#include <utility>

namespace weft::detail {
namespace {

constinit greenlet_exit the_exit;

std::size_t name_a_greenlet(const void* /*owner*/, char* buffer, std::size_t size) noexcept {
    return std::string_view("a greenlet").copy(buffer, size);
}

}  // namespace

inline void greenlet_block::prepare() {
    memory = stack::acquire(stack_bytes, guard_bytes);
    killer = nullptr;
    memory.set_owner(this, &name_a_greenlet);
    if (memory.has_canary()) [[unlikely]] {
        greenlet_thread& here = this_greenlet_thread();
        here.set_unusual(here.unusual | greenlet_thread::canaries);
    }
    if (hints_are_told) [[unlikely]]
        prepare_context(machine, memory.limit(), memory.top(), code->run, this);
    else
        prepare_place(machine, memory.top(), code->run, this);
}

namespace {

/// What is on its way: a value, or an error.
struct letter {
    const std::type_info* type = nullptr;
    std::uintptr_t value = 0;
    std::exception_ptr error;

    /// `greenlet_exit` that reaches somebody whose child it has ended is a value.
    void settle() {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const greenlet_exit&) {
        } catch (...) {
            return;
        }
        error = nullptr;
        type = &typeid(greenlet_exit);
        value = word_of(the_exit);
    }
};

[[nodiscard]] bool accepts(const std::type_info& expected, const std::type_info& sent) {
    return &expected == &sent || expected == typeid(void) || expected == sent;
}

/// What the letter would be refused for; empty when it fits.
[[nodiscard]] std::exception_ptr misfit(const greenlet_block& to, const letter& mail,
                                        bool from_result) {
    if (mail.error) return {};
    if (to.phase == greenlet_phase::created) {
        if (*to.code->arguments == *mail.type) return {};
        return bad_arguments(*to.code->arguments, *mail.type);
    }
    if (to.expects == nullptr || accepts(*to.expects, *mail.type)) return {};
    return from_result ? bad_result(*to.expects, *mail.type) : bad_value(*to.expects, *mail.type);
}

/// Who gets the letter: `to`, or in its place its nearest ancestor that lives, ready to be entered.
/// A sender is told with an exception when the letter does not fit; without one, the greenlet that
/// should have got it gets the error.
greenlet_block& recipient(greenlet_block* to, letter& mail, bool has_sender) {
    for (;; to = to->parent) {
        if (to->phase != greenlet_phase::dead) {
            if (std::exception_ptr error = misfit(*to, mail, !has_sender)) {
                if (has_sender) std::rethrow_exception(std::move(error));
                mail.error = std::move(error);
            }
        }
        if (to->phase == greenlet_phase::started) return *to;
        if (to->phase == greenlet_phase::created && !mail.error) {
            try {
                to->prepare();
                return *to;
            } catch (...) {
                if (has_sender) throw;
                mail.error = std::current_exception();
            }
        }
        if (to->phase == greenlet_phase::created) to->dispose();
        mail.settle();
    }
}

/// Everything about leaving for `to` but the switch.
void depart(greenlet_thread& thread, greenlet_block& to, letter& mail) {
    greenlet_block& from = *thread.current;
    if (from.memory) from.memory.check_canary();
    std::uint8_t arrivals = 0;
    if (mail.error) {
        arrivals |= greenlet_arrivals::error;
        thread.put_error(std::move(mail.error));
    }
    if (thread.tracer != nullptr) arrivals |= greenlet_arrivals::traced;
    if (from.handles == 0 && from.orphan && from.phase == greenlet_phase::started)
        arrivals |= greenlet_arrivals::abandoned;
    thread.set_unusual(thread.unusual & ~greenlet_thread::orphaned);
    to.phase = greenlet_phase::started;
    to.expects = nullptr;
    thread.arrivals = arrivals;
    thread.value = mail.value;
    thread.origin = &from;
    thread.current = &to;
}

void go(greenlet_thread& thread, greenlet_block& to, letter mail, const std::type_info& expects) {
    greenlet_block& from = *thread.current;
    from.expects = &expects;
    depart(thread, to, mail);
    switch_context(from.machine, to.machine, *thread.exceptions);
}

greenlet_thread& thread_of(const greenlet_block* to, const char* what) {
    greenlet_thread& thread = this_greenlet_thread();
    if (thread.id == 0) thread.begin();
    if (to == nullptr) refuse_moved_from(what);
    if (to->thread != thread.id) refuse_foreign(what);
    return thread;
}

/// Sends a letter to the running greenlet itself: it comes back at once.
void keep(greenlet_thread& thread, letter& mail, const std::type_info& expects) {
    if (mail.error) std::rethrow_exception(std::move(mail.error));
    if (!accepts(expects, *mail.type)) std::rethrow_exception(bad_value(expects, *mail.type));
    thread.value = mail.value;
}

/// All but the switch: whom to switch to, or null when the letter has come back already.
greenlet_block* send(greenlet_thread& thread, greenlet_block* to, letter& mail,
                     const std::type_info& expects) {
    greenlet_block& last = recipient(to, mail, true);
    greenlet_block& from = *thread.current;
    if (&last == &from) {
        keep(thread, mail, expects);
        return nullptr;
    }
    from.expects = &expects;
    depart(thread, last, mail);
    return &last;
}

[[noreturn]] void finish(greenlet_block& self, letter& mail) {
    greenlet_thread& thread = this_greenlet_thread();
    self.phase = greenlet_phase::dead;
    greenlet_block& to =
        self.killer != nullptr ? *self.killer : recipient(self.parent, mail, false);
    self.retain();
    self.result = mail.value;
    depart(thread, to, mail);
    thread.arrivals |= greenlet_arrivals::finished;
    leave_context(self.machine, to.machine);
}

}  // namespace

greenlet_block* switch_unusually(greenlet_block* to, const std::type_info& sent,
                                 std::uintptr_t value, const std::type_info& expects) {
    greenlet_thread& thread = thread_of(to, "switch_to()");
    if (to->phase == greenlet_phase::created && thread.unusual == 0 &&
        (to->code->arguments == &sent || *to->code->arguments == sent)) {
        // The beginning, with nothing else to see to.
        to->prepare();
        to->phase = greenlet_phase::started;
        thread.value = value;
        thread.origin = std::exchange(thread.current, to);
        thread.origin->expects = &expects;
        return to;
    }
    letter mail{&sent, value, nullptr};
    return send(thread, to, mail, expects);
}

void throw_into(greenlet_block* to, std::exception_ptr error, const std::type_info& expects) {
    if (!error) refuse_no_error();
    greenlet_thread& thread = thread_of(to, "throw_()");
    letter mail{nullptr, 0, std::move(error)};
    greenlet_block* const next = send(thread, to, mail, expects);
    if (next != nullptr) switch_context(thread.origin->machine, next->machine, *thread.exceptions);
}

void finish_greenlet(greenlet_block& self, const std::type_info& type, std::uintptr_t result) {
    self.has_result = self.code->destroy_result != nullptr;
    greenlet_thread& thread = this_greenlet_thread();
    greenlet_block& to = *self.parent;
    if (self.killer == nullptr && to.phase == greenlet_phase::started && thread.unusual == 0 &&
        (to.expects == &type || accepts(*to.expects, type))) {
        // The usual end, with nothing else to see to.
        self.phase = greenlet_phase::dead;
        self.retain();
        self.result = thread.value = result;
        thread.arrivals = greenlet_arrivals::finished;
        thread.origin = &self;
        to.expects = nullptr;
        thread.current = &to;
        leave_context(self.machine, to.machine);
    }
    letter mail{&type, result, nullptr};
    finish(self, mail);
}

void finish_greenlet_by(greenlet_block& self, std::exception_ptr error) {
    letter mail{nullptr, 0, std::move(error)};
    finish(self, mail);
}

void finish_greenlet_by_exit(greenlet_block& self) {
    letter mail{&typeid(greenlet_exit), word_of(the_exit), nullptr};
    finish(self, mail);
}

void unwind_greenlet(greenlet_block& block) noexcept {
    greenlet_thread& thread = this_greenlet_thread();
    WEFT_CHECK(
        block.thread == thread.id,
        "the last handle of a suspended greenlet was dropped on another thread than its own: "
        "drop it where it was made, or let it end there first");
    greenlet_block& from = *thread.current;
    const std::uintptr_t value = thread.value;
    from.add_handle();  // It must not be unwound itself while it waits here.
    block.retain();
    block.killer = &from;
    go(thread, block, letter{nullptr, 0, std::make_exception_ptr(greenlet_exit{})}, typeid(void));
    WEFT_CHECK(
        block.phase == greenlet_phase::dead,
        "a greenlet that was dropped caught greenlet_exit and switched away again instead of "
        "ending: let the exit pass, or return; or keep a handle and end it with throw_()");
    try {
        const greenlet_arrival arrival(thread);
    } catch (...) {
        report_unhandled(std::current_exception(), "unwinding a greenlet that was dropped");
    }
    block.killer = nullptr;
    block.release();
    thread.value = value;
    from.drop_handle();
}

void greenlet_arrival::clean_up(greenlet_block& finished) noexcept {
    if (finished.has_result) finished.code->destroy_result(finished.result);
    forget_context(finished.machine);
    finished.memory = {};
    if (std::exchange(finished.orphan, false)) finished.release();
    finished.release();
}

void greenlet_arrival::see_to(greenlet_thread& thread) {
    const std::uint8_t arrivals = std::exchange(thread.arrivals, std::uint8_t{0});
    std::exception_ptr error;
    if ((arrivals & greenlet_arrivals::error) != 0) error = thread.take_error();
    greenlet_block* const origin = thread.origin;
    const std::uintptr_t value = thread.value;  // What is called here may switch as well.
    if ((arrivals & greenlet_arrivals::traced) != 0 && thread.tracer != nullptr) {
        try {
            const greenlet_tracer tracer = *thread.tracer;
            tracer(error ? greenlet_event::thrown : greenlet_event::switched, greenlet(*origin),
                   greenlet(*thread.current));
        } catch (...) {
            error = std::current_exception();
            greenlet::set_tracer({});
        }
    }
    if ((arrivals & greenlet_arrivals::abandoned) != 0 && origin->handles == 0)
        unwind_greenlet(*origin);
    thread.value = value;
    if ((arrivals & greenlet_arrivals::finished) != 0) finished_ = origin;
    if (!error) return;
    if (finished_ != nullptr) clean_up(*std::exchange(finished_, nullptr));
    std::rethrow_exception(std::move(error));
}

}  // namespace weft::detail
