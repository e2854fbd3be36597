#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/machine/context.hpp"
#include "weft/machine/stack.hpp"

#include <coroutine>
#include <cstddef>

/// What stands behind a fiber beside its control block: its stack, and the pseudo frame by which
/// it is a coroutine like any other.
namespace weft::detail {

struct fiber_record;

/// How a type of body is run and disposed of.
struct fiber_code {
    void (*run)(fiber_record& self);               ///< calls the body and stores its result
    void (*dispose)(fiber_record& self) noexcept;  ///< destroys the callable
};

/// The first three members have the layout that GCC, clang and MSVC share (pseudo_frame.hpp): a
/// handle to it resumes the fiber. It lies in the frame pool, its callable behind it.
///
/// One that is suspended is never destroyed (R2), only cancelled; `done()` of its handle is never
/// true.
struct WEFT_EXPORT fiber_record {
    void (*resume)(void* self) = &resume_frame;
    void (*destroy)(void* self) = &destroy_frame;
    await_link link;

    context machine;
    control_block* block = nullptr;
    const fiber_code* code = nullptr;
    stack memory;
    void* result = nullptr;  ///< until the block gets it

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        return std::coroutine_handle<>::from_address(this);
    }
    /// Has the body begin on its stack when it is resumed.
    void prepare();
    /// Frees everything but the block.
    void free() noexcept;

    /// The fiber whose stack a block runs on; null for a task.
    [[nodiscard]] static fiber_record* of(control_block& b) noexcept {
        return b.kind == block_kind::fiber ? static_cast<fiber_record*>(b.body) : nullptr;
    }

    static void resume_frame(void* self);

private:
    [[noreturn]] static void destroy_frame(void* self) noexcept;
    static void entry(void* self);
};

}  // namespace weft::detail
