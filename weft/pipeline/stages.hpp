#pragma once

#include "weft/pipeline/stage.hpp"

/// The stages that work on items of any type: `filter`, `transform`, `take`, `count`, `tee`.
namespace weft {
namespace detail {

template <class Test>
concept has_close = requires(Test& test) { test.close(); };

template <class Yield, class View, class Test>
generator<Yield> pull_passing(View view, Test test) {
    for (auto&& item : view)
        if (std::invoke(test, item)) co_yield std::forward<decltype(item)>(item);
    if constexpr (has_close<Test>) test.close();
}

template <class T, class Test>
consumer<T> push_passing(Test test, consumer<T> target) {
    try {
        for (;;) {
            T item = co_await receive;
            if (std::invoke(test, item) && !target.send(std::forward<T>(item))) break;
        }
    } catch (const generator_exit&) {
        // Closed in so many words, not by its destructor, which could not throw.
        target.close();
    }
    if constexpr (has_close<Test>) test.close();
}

}  // namespace detail

/// A stage that hands each item on as it is, or drops it, as `test(item)` says. If the test has a
/// `close()`, that is called at the end.
template <class Test>
class passing_stage : public stage_base {
public:
    explicit passing_stage(Test test) : test_(std::move(test)) {}
    template <class View>
    [[nodiscard]] generator<passed_on<View>> pull(View view) && {
        return detail::pull_passing<passed_on<View>>(std::move(view), std::move(test_));
    }
    template <class T>
    [[nodiscard]] consumer<T> push(consumer<T> target) && {
        return detail::push_passing<T>(std::move(test_), std::move(target));
    }

private:
    Test test_;
};

/// Hands on the items for which `test(item)` is true.
template <class Test>
[[nodiscard]] auto filter(Test test) {
    return passing_stage<Test>(std::move(test));
}

namespace detail {

template <class Counter>
class counting_test {
public:
    explicit counting_test(Counter& counter) noexcept : counter_(counter) {}
    template <class Item>
    bool operator()(const Item&) const noexcept(noexcept(++std::declval<Counter&>())) {
        ++counter_;
        return true;
    }

private:
    Counter& counter_;
};

template <class T>
class tee_test {
public:
    explicit tee_test(consumer<T> target) : target_(std::move(target)) {}
    template <class Item>
    bool operator()(Item& item) {
        target_.send(item);  // One that has ended is sent nothing: no error.
        return true;
    }
    void close() { target_.close(); }

private:
    consumer<T> target_;
};

template <class View>
generator<passed_on<View>> pull_first(View view, std::size_t count) {
    if (count == 0) co_return;
    for (auto&& item : view) {
        const bool last = --count == 0;
        co_yield std::forward<decltype(item)>(item);
        if (last) co_return;  // Without pulling one more, which might have to be waited for.
    }
}

template <class T>
consumer<T> push_first(std::size_t count, consumer<T> target) {
    try {
        for (; count > 0; --count) {
            T item = co_await receive;
            if (!target.send(std::forward<T>(item))) co_return;
            if (count == 1) break;  // Ends with the last item, not with the one after it.
        }
    } catch (const generator_exit&) {  // The target is closed below.
    }
    target.close();
}

}  // namespace detail

/// Adds one to `counter` for each item, and hands all on. The counter outlives the pipeline.
template <class Counter>
[[nodiscard]] auto count(Counter& counter) {
    return passing_stage<detail::counting_test<Counter>>(detail::counting_test<Counter>(counter));
}

/// Sends each item to a consumer too, in passing, and closes that at the end. When the consumer
/// ends first, the pipeline goes on without it.
template <class T>
[[nodiscard]] auto tee(consumer<T> target) {
    return passing_stage<detail::tee_test<T>>(detail::tee_test<T>(std::move(target)));
}

/// The first `count` items; then it ends at once, without asking for another.
class take_stage : public stage_base {
public:
    explicit take_stage(std::size_t count) noexcept : count_(count) {}
    template <class View>
    [[nodiscard]] generator<passed_on<View>> pull(View view) && {
        return detail::pull_first(std::move(view), count_);
    }
    template <class T>
    [[nodiscard]] consumer<T> push(consumer<T> target) && {
        return detail::push_first(count_, std::move(target));
    }

private:
    std::size_t count_;
};

[[nodiscard]] inline take_stage take(std::size_t count) noexcept {
    return take_stage(count);
}

namespace detail {

template <class T>
using yield_for = std::conditional_t<std::is_lvalue_reference_v<T>, T, std::remove_cvref_t<T>>;

template <class View, class Function>
using transformed = std::invoke_result_t<Function&, std::ranges::range_reference_t<View>>;

template <class View, class Function>
generator<yield_for<transformed<View, Function>>> pull_transformed(View view, Function function) {
    for (auto&& item : view) {
        auto&& result = std::invoke(function, std::forward<decltype(item)>(item));
        co_yield std::forward<decltype(result)>(result);
    }
}

template <class In, class Function, class Out>
consumer<In> push_transformed(Function function, consumer<Out> target) {
    try {
        for (;;) {
            In item = co_await receive;
            if (!target.send(std::invoke(function, std::forward<In>(item)))) break;
        }
    } catch (const generator_exit&) {
        target.close();
    }
}

}  // namespace detail

template <class In, class Function>
class transform_stage : public stage_base {
public:
    explicit transform_stage(Function function) : function_(std::move(function)) {}
    template <class View>
    [[nodiscard]] auto pull(View view) && {
        return detail::pull_transformed(std::move(view), std::move(function_));
    }
    template <class T>
    [[nodiscard]] auto push(consumer<T> target) && {
        using item = detail::item_of<In, Function>;
        static_assert(!std::is_void_v<item>,
                      "transform(f) | consumer: f has several signatures; say what will be sent: "
                      "transform<T>(f)");
        return detail::push_transformed<item>(std::move(function_), std::move(target));
    }

private:
    Function function_;
};

/// Hands on `function(item)` for each item. In a pipeline that is pushed, `In` is what it is sent;
/// if it is not given, what `function` declares as its parameter.
template <class In = void, class Function>
[[nodiscard]] auto transform(Function function) {
    return transform_stage<In, Function>(std::move(function));
}

}  // namespace weft
