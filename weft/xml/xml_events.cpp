#include "weft/xml/xml_events.hpp"

#include "weft/xml/xml_batch.hpp"
#include "weft/xml/xml_core.hpp"
#include "weft/xml/xml_parse.hpp"

#include <exception>
#include <utility>

namespace weft {
namespace detail {

/// A parser that runs until a batch is full.
class xml_puller {
public:
    xml_puller(xml_source from, xml_options how)
        : from_(std::move(from)), core_(collect(), std::move(how), from_.name()) {}

    /// The next events; none at the end. An error comes after the events before it.
    const std::vector<xml_event>& more() {
        batch_.clear();
        if (error_ == nullptr) {
            try {
                while (batch_.events().empty() && !is_over_) step();
            } catch (...) {
                error_ = std::current_exception();
            }
        }
        if (error_ != nullptr && batch_.events().empty()) std::rethrow_exception(error_);
        return batch_.events();
    }

private:
    consumer<const xml_event&> collect() {
        for (;;) {
            const xml_event& event = co_await receive;
            batch_.add(event);
            if (batch_.is_full()) core_.pause();
        }
    }
    void step() {
        if (core_.is_paused()) {
            const bool goes_on = core_.resume();
            is_over_ = goes_on && is_last_;
            return;
        }
        const std::span<char> into = core_.room(xml_chunk_bytes);
        const std::size_t n = from_.read(into.data(), into.size());
        is_last_ = n == 0;
        const bool goes_on = is_last_ ? core_.finish() : core_.commit(n);
        is_over_ = goes_on && is_last_;
    }

    xml_source from_;
    xml_batch batch_;
    std::exception_ptr error_;
    bool is_last_ = false;
    bool is_over_ = false;
    xml_core core_;
};

}  // namespace detail

generator<const xml_event&> xml_events(xml_source from, xml_options how) {
    detail::xml_puller events(std::move(from), std::move(how));
    for (;;) {
        const std::vector<xml_event>& some = events.more();
        if (some.empty()) co_return;
        for (const xml_event& event : some) co_yield event;
    }
}

}  // namespace weft
