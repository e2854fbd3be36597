#pragma once

#include "weft/base/export.hpp"
#include "weft/core/control_block.hpp"
#include "weft/core/local_values.hpp"

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

/// Variables of which each coroutine has its own.
namespace weft {
namespace detail {

/// The coroutine that runs; 0 outside of one.
[[nodiscard]] WEFT_EXPORT coroutine_id running_coroutine() noexcept;

}  // namespace detail

/// Puts back what a `local` was, at the end of its life; see `local::scoped`. Does not move. When
/// it is destroyed in another coroutine than it was made in, as the frame of a generator may be, it
/// does nothing.
class WEFT_EXPORT local_guard {
public:
    local_guard(std::uint64_t key, detail::local_value* replaced) noexcept
        : key_(key), before_(replaced), in_(detail::running_coroutine()) {}
    local_guard(const local_guard&) = delete;
    local_guard& operator=(const local_guard&) = delete;
    ~local_guard();

private:
    std::uint64_t key_;
    detail::local_value* before_;
    coroutine_id in_;
};

/// A variable of which each coroutine has its own value, as `thread_local` is for threads. As
/// Python's `contextvars` and `gevent.local`.
///
/// ```cpp
/// inline weft::local<std::string> user("nobody");
/// inline weft::task<> answer() {
///     std::printf("for %s\n", user.get().c_str());
///     co_return;
/// }
/// inline weft::task<> serve(std::string name) {
///     user.set(std::move(name));
///     co_await answer();               // the same coroutine: the same value
///     co_await weft::spawn(answer());  // another one, which has inherited it
/// }
/// ```
///
/// 1. A coroutine that is spawned begins with the values of who spawns it, which are shared and not
///    copied. What either sets later the other does not see.
/// 2. The tasks that a coroutine awaits, and the generators and greenlets that it drives, are the
///    coroutine's.
/// 3. Outside of a coroutine a thread has its own values, which the coroutines inherit that `run`
///    begins there. A callback of the loop sees those. A coroutine of another library sees those of
///    who runs it.
/// 4. Values are destroyed when the last of those who share them has ended or set another.
/// 5. `spawn_on` takes copies of them along to another thread, where they are destroyed. So what a
///    value shares with its copies must bear that (a `shared_ptr` does; what it points to is shared
///    between the threads). Values that cannot be copied stay behind.
/// 6. A `local` may be used by any thread, and outlives nobody: usually it is static.
template <class T>
class local {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "a local holds an object");

public:
    using value_type = T;

    /// Where nothing was set it is `T()`.
    local()
        requires std::default_initializable<T>
        : key_(detail::next_local_key()), unset_() {}
    /// Where nothing was set it is `unset`.
    explicit local(T unset) : key_(detail::next_local_key()), unset_(std::move(unset)) {}
    local(const local&) = delete;
    local& operator=(const local&) = delete;

    /// This coroutine's value; lives until it is set or reset here.
    [[nodiscard]] const T& get() const noexcept {
        const detail::local_value* const v = detail::find_local(key_);
        return v != nullptr ? static_cast<const detail::local_value_of<T>*>(v)->value : unset_;
    }
    /// It was set, here or by who this was inherited from.
    [[nodiscard]] bool is_set() const noexcept { return detail::find_local(key_) != nullptr; }

    /// For this coroutine and whoever it spawns from now on.
    template <class U = T>
        requires std::constructible_from<T, U>
    void set(U&& value) {
        detail::drop_local(replace(std::forward<U>(value)));
    }
    /// As if it had not been set.
    void reset() { detail::drop_local(detail::exchange_local(key_, nullptr)); }
    /// Sets it until the guard is destroyed, which puts back what was there:
    /// `const auto as_root = user.scoped("root");`
    template <class U = T>
        requires std::constructible_from<T, U>
    [[nodiscard]] local_guard scoped(U&& value) {
        return local_guard(key_, replace(std::forward<U>(value)));
    }

private:
    template <class U>
    [[nodiscard]] detail::local_value* replace(U&& value) {
        auto* const made = new detail::local_value_of<T>(key_, std::forward<U>(value));
        try {
            return detail::exchange_local(key_, made);
        } catch (...) {
            detail::drop_local(made);
            throw;
        }
    }

    std::uint64_t key_;
    T unset_;
};

}  // namespace weft
