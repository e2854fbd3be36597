#pragma once

#include "weft/base/export.hpp"
#include "weft/pipeline/forked.hpp"
#include "weft/pipeline/parallel_threads.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::detail {

/// One process of a `parallel_map`: takes items, and sends its results back by a queue of its own.
class WEFT_EXPORT process_worker : public forked_base {
public:
    /// `window`: how many items it may have at a time.
    process_worker(const forked_options& how, std::size_t window)
        : forked_base(how),
          back_(how.buffer_bytes()),
          results_(back_, peer_),
          small_max_(memory_.size() / (4 * window)) {}

    /// The child calls `work(argument, in, out)`.
    using work_function = void (*)(void* argument, queue_receiver& in, queue_sender& out);
    void start(work_function work, void* argument);

    /// What `form` writes of the item. Throws the error of the child.
    template <class Form, class Item>
    void put(const Item& item) {
        const std::size_t bytes = Form::size(item);
        // A small one always fits, whatever the child is doing. A large one could wait for a child
        // that waits for room for its results: those are taken first.
        if (bytes > small_max_)
            while (pending_ != early_.size()) early_.push_back(receive());
        if (is_large(bytes)) {
            std::string text(bytes, '\0');
            Form::put(text.data(), item);
            if (!send_large(text)) fail();
        } else {
            char* const to = room(bytes);
            if (to == nullptr) fail();
            Form::put(to, item);
            out_.publish(bytes, frame_kind::item);
        }
        ++pending_;
    }
    /// The oldest result. Throws the error of the child.
    template <class Form>
    [[nodiscard]] auto take() {
        --pending_;
        if (!early_.empty()) {
            const std::string bytes = std::move(early_.front());
            early_.pop_front();
            wire_reader from(bytes);
            return Form::get(from);
        }
        wire_reader from(wait_for_result());
        auto result = Form::get(from);
        results_.done();
        return result;
    }
    [[nodiscard]] bool has_result() noexcept { return !early_.empty() || results_.has_frame(); }

private:
    [[nodiscard]] std::string_view wait_for_result();
    [[nodiscard]] std::string receive();
    [[noreturn]] void fail();

    shared_memory back_;
    queue_receiver results_;
    std::deque<std::string> early_;
    const std::size_t small_max_;
    std::size_t pending_ = 0;
};

/// The processes of a `parallel_map`: items go to them in turn, and so come the results.
template <class Item, class Function>
class process_workers {
public:
    using result_type = std::remove_cvref_t<std::invoke_result_t<Function&, Item&&>>;
    static_assert(!std::is_void_v<result_type>, "parallel_map(n, f): f returns what is handed on");

    process_workers(std::size_t n, std::size_t window, Function function)
        : window_(checked_window(n, window)), function_(std::move(function)) {
        for (std::size_t i = 0; i < n; ++i) {
            workers_.push_back(std::make_unique<process_worker>(forked_options(), window));
            workers_.back()->start(&work, &function_);
        }
    }

    [[nodiscard]] bool full() const noexcept { return put_ - taken_ == window_; }
    [[nodiscard]] bool empty() const noexcept { return put_ == taken_; }
    [[nodiscard]] bool ready() noexcept { return !empty() && worker(taken_).has_result(); }
    template <class T>
    void put(T&& item) {
        worker(put_).template put<wire<Item>>(Item(std::forward<T>(item)));
        ++put_;
    }
    [[nodiscard]] result_type take() { return worker(taken_++).template take<wire<result_type>>(); }

private:
    [[nodiscard]] process_worker& worker(std::uint64_t n) noexcept {
        return *workers_[n % workers_.size()];
    }
    /// In the child.
    static void work(void* argument, queue_receiver& in, queue_sender& out) {
        Function& function = *static_cast<Function*>(argument);
        std::string bytes;
        while (in.next() == queue_receiver::found::item) {
            wire_reader from(in.bytes());
            const result_type result = std::invoke(function, wire<Item>::get(from));
            in.done();
            in.taken();
            bytes.resize(wire<result_type>::size(result));
            wire<result_type>::put(bytes.data(), result);
            if (!out.send_bytes(bytes, frame_kind::item)) return;
        }
    }

    std::size_t window_;
    Function function_;
    std::vector<std::unique_ptr<process_worker>> workers_;
    std::uint64_t put_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace weft::detail
