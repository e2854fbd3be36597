#pragma once

#include "weft/base/export.hpp"

#include <stdexcept>

/// The errors of weft.
///
/// Misuse is a `usage_error` whose text names what was attempted, on what, and what to do instead;
/// it has kinds of its own where a program may want to tell them apart. What ends a coroutine from
/// outside (`generator_exit` and its relatives) is no error and does not derive from
/// `std::exception`, so that a handler for errors does not swallow it. The names follow Python's
/// `GeneratorExit` (PEP 342).
namespace weft {

/// The program used weft in a way that cannot work. The text carries the remedy.
class WEFT_EXPORT usage_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~usage_error() override;
};

/// A value was sent to a coroutine that has not reached its first `co_yield`.
class WEFT_EXPORT not_started : public usage_error {
public:
    using usage_error::usage_error;
    ~not_started() override;
};

/// A coroutine was resumed while it runs: by itself, through a cycle, or from a second thread.
class WEFT_EXPORT already_executing : public usage_error {
public:
    using usage_error::usage_error;
    ~already_executing() override;
};

/// A coroutine caught the `generator_exit` of a `close()` and yielded again instead of ending.
class WEFT_EXPORT ignored_exit : public usage_error {
public:
    using usage_error::usage_error;
    ~ignored_exit() override;
};

/// A switch between greenlets passed values that the other side does not expect.
class WEFT_EXPORT bad_switch : public usage_error {
public:
    using usage_error::usage_error;
    ~bad_switch() override;
};

/// What `close()` raises inside a generator or a consumer, at the place where it is suspended.
class WEFT_EXPORT generator_exit {
public:
    generator_exit() noexcept = default;
    [[nodiscard]] const char* what() const noexcept { return "the generator is being closed"; }
};

/// Ends a greenlet: what dropping a suspended one raises at its switch, and what a program may
/// raise there with `throw_`. A greenlet that lets it pass hands it to its parent as a value.
class WEFT_EXPORT greenlet_exit {
public:
    greenlet_exit() noexcept = default;
    [[nodiscard]] const char* what() const noexcept { return "the greenlet is being ended"; }
};

}  // namespace weft
