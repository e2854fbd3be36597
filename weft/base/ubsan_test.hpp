#pragma once

#include <gtest/gtest.h>

/// UBSan opens a pipe to look at an object, and takes it for none when it cannot.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define WEFT_SKIP_WHERE_UBSAN_NEEDS_DESCRIPTORS() \
    GTEST_SKIP() << "UBSan needs descriptors of its own; without it this test runs"
#endif
#endif
#ifndef WEFT_SKIP_WHERE_UBSAN_NEEDS_DESCRIPTORS
#define WEFT_SKIP_WHERE_UBSAN_NEEDS_DESCRIPTORS() static_cast<void>(0)
#endif
