#pragma once

#include "weft/sync/channel_core.hpp"
#include "weft/sync/channel_items.hpp"

#include <cstddef>

namespace weft {

/// A queue between coroutines, tasks and fibers alike: who receives waits for an item, who sends
/// waits for room.
///
/// ```cpp
/// weft::task<> produce(weft::channel<std::string>& to) {
///     for (int i = 0; i < 10; ++i) co_await to.send(std::to_string(i));
///     to.close();
/// }
/// weft::task<> consume(weft::channel<std::string>& from) {
///     while (auto line = co_await from.receive()) std::cout << *line << '\n';
/// }
/// weft::task<> both() {
///     weft::channel<std::string> lines(4);
///     co_await weft::with_scope([&](weft::scope& s) {
///         s.spawn(produce, std::ref(lines));
///         s.spawn(consume, std::ref(lines));
///     });
/// }
/// ```
///
/// 1. The capacity is how many items may wait in it: 0 (the default) is a rendezvous, in which each
///    item goes from hand to hand; `unbounded` never lets a sender wait. The room of a bounded one
///    is allocated when it is made, and nothing afterwards.
/// 2. Items come in the order of their sending. Those who wait are served in the order of their
///    waiting, and nobody overtakes them.
/// 3. `close()` ends it: senders get `channel_closed`, receivers what is still in it and then an
///    empty optional. A fiber may write `for (auto& item : each(channel))`.
/// 4. Nothing is lost and nothing comes twice. An item that was taken has been sent, one that was
///    received is given, even to a coroutine that is cancelled in the same moment: its next await
///    tells it. One that was not taken stays with its sender. A move that throws fails the send or
///    the receive that made it, and the item stays where it was.
/// 5. Of several channels `select` takes what comes first; `with_timeout(d, c.receive())` waits for
///    no longer than `d`.
/// 6. It belongs to one loop, and outlives those who use it. When it is destroyed under somebody
///    who waits, that await throws `usage_error`.
///
/// Beside it: lifo_channel, priority_channel, and `joinable`, which counts what is done.
template <class T>
class channel : public detail::basic_channel<T, detail::fifo_items<T>> {
public:
    /// Throws `std::bad_alloc` when there is no room for `capacity` items.
    explicit channel(std::size_t capacity = 0)
        : detail::basic_channel<T, detail::fifo_items<T>>(capacity) {}
};

}  // namespace weft
