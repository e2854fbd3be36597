#pragma once

/// All of weft but its optional components (http, tls, xml, patch and testing have headers of their
/// own).
#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/base/unhandled.hpp"
#include "weft/base/version.hpp"
#include "weft/core/consumer.hpp"
#include "weft/core/generator.hpp"
#include "weft/machine/frame_pool.hpp"
