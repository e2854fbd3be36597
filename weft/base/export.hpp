#pragma once

/// Marks what a shared build of weft exports; everything else has hidden visibility. The macro is
/// the same in static and shared builds, so users need no compile definition.
#define WEFT_EXPORT __attribute__((visibility("default")))
