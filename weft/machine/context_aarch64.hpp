#pragma once

/// The switch for aarch64, AAPCS64: included by context.hpp, which says what it promises.
namespace weft::detail {

/// Where a stack was left.
struct stack_place {
    void* sp = nullptr;
    void* fp = nullptr;
    void* ip = nullptr;
    void* x19 = nullptr;
};

#ifdef __ARM_FEATURE_SVE
#define WEFT_CLOBBERS_SVE                                                                     \
    , "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", \
        "p14", "p15", "ffr"
#else
#define WEFT_CLOBBERS_SVE
#endif

/// Leaves the place that is in use, noting it in `from`, and goes on at `to`.
///
/// x29 cannot be named as clobbered where the compiler uses it as frame pointer, and x19 not where
/// clang addresses an over-aligned frame by it, so they are part of the place. The calling
/// convention keeps d8-d15 across calls, so the compiler may hold values there: all of v0-v31 are
/// listed. `hint #36` is `bti j`, for machines that check where indirect branches land.
[[gnu::always_inline]] inline void switch_place(stack_place* left,
                                                const stack_place* entered) noexcept {
    register stack_place* from asm("x0") = left;
    register const stack_place* to asm("x1") = entered;
    asm volatile("ldp x11, x12, [x1]\n\t"
                 "prfm pldl1keep, [x11]\n\t"
                 "adr x9, 1f\n\t"
                 "mov x10, sp\n\t"
                 "stp x10, x29, [x0]\n\t"
                 "stp x9, x19, [x0, #16]\n\t"
                 "ldp x9, x19, [x1, #16]\n\t"
                 "mov x29, x12\n\t"
                 "mov sp, x11\n\t"
                 "br x9\n"
                 "1:\n\t"
                 "hint #36"
                 : "+r"(from), "+r"(to)
                 :
                 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                   "x14", "x15", "x16", "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25",
                   "x26", "x27", "x28", "x30", "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5",
                   "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
                   "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
                   "v29", "v30", "v31" WEFT_CLOBBERS_SVE);
}

#undef WEFT_CLOBBERS_SVE

}  // namespace weft::detail
