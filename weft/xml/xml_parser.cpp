#include "weft/xml/xml_parser.hpp"

#include "weft/xml/xml_core.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft {
namespace detail {

consumer<const xml_event&> hand_out_copies(consumer<xml_event> target) {
    try {
        for (;;) {
            const xml_event& event = co_await receive;
            if (!target.send(event)) co_return;
        }
    } catch (const generator_exit&) {
        // Closed in so many words, not by its destructor, which could not throw.
        target.close();
    }
}

}  // namespace detail

namespace {
/// Expat copies what it has not used yet to the beginning of its buffer.
constexpr std::size_t piece = 64 << 10;
}  // namespace

xml_parser::xml_parser(consumer<const xml_event&> target, xml_options how)
    : core_(std::make_unique<detail::xml_core>(std::move(target), std::move(how), "XML")) {}

xml_parser::xml_parser(consumer<xml_event> target, xml_options how)
    : xml_parser(detail::hand_out_copies(std::move(target)), std::move(how)) {}

xml_parser::xml_parser(xml_parser&&) noexcept = default;
xml_parser& xml_parser::operator=(xml_parser&&) noexcept = default;
xml_parser::~xml_parser() = default;

bool xml_parser::feed(std::string_view bytes) {
    do {
        const std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        const std::span<char> into = core_->room(part.size());
        if (core_->has_ended()) return false;
        if (!part.empty()) std::memcpy(into.data(), part.data(), part.size());
        if (!core_->commit(part.size())) return false;
    } while (!bytes.empty());
    return true;
}

void xml_parser::finish() {
    core_->finish();
    core_->target().close();
}

std::span<char> xml_parser::room(std::size_t n) {
    return core_->room(n);
}

bool xml_parser::commit(std::size_t n) {
    return core_->commit(n);
}

xml_position xml_parser::position() const noexcept {
    return core_->position();
}

bool xml_parser::has_ended() const noexcept {
    return core_->has_ended();
}

}  // namespace weft
