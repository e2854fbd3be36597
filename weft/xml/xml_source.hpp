#pragma once

#include "weft/base/export.hpp"
#include "weft/base/fd.hpp"
#include "weft/pipeline/stage.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft {

/// Where the bytes of a document come from, piece by piece, and what errors call it.
///
/// ```cpp
/// #include <weft/xml/xml_source.hpp>
///
/// void show(const std::string& path, weft::generator<std::string> pieces) {
///     weft::xml_source file = weft::xml_file(path);
///     weft::xml_source input = weft::xml_file(0);  // standard input
///     weft::xml_source text = weft::xml_text("<bus><route>22</route></bus>");
///     weft::xml_source any = weft::xml_chunks(std::move(pieces));
///     std::cout << file.name() << ' ' << input.name() << '\n';
/// }
/// ```
///
/// It is read once. Reading blocks the thread; a document that comes through a stream of the loop
/// goes to `xml_parse(stream, consumer)`.
class WEFT_EXPORT xml_source {
public:
    /// Writes up to `n` bytes to `into`, and returns how many: 0 at the end.
    class reader {
    public:
        reader() = default;
        reader(const reader&) = delete;
        reader& operator=(const reader&) = delete;
        virtual ~reader();
        virtual std::size_t read(char* into, std::size_t n) = 0;
    };

    xml_source(std::unique_ptr<reader> from, std::string name)
        : from_(std::move(from)), name_(std::move(name)) {}

    [[nodiscard]] std::size_t read(char* into, std::size_t n) { return from_->read(into, n); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::unique_ptr<reader> from_;
    std::string name_;
};

/// A file. Errors are `std::system_error`, "reading PATH: why".
[[nodiscard]] WEFT_EXPORT xml_source xml_file(std::string path);
/// A descriptor that somebody else owns: a pipe, `xml_file(0)` for standard input.
[[nodiscard]] WEFT_EXPORT xml_source xml_file(int fd);
[[nodiscard]] WEFT_EXPORT xml_source xml_file(unique_fd file, std::string name);
// A path in quotes, not a null pointer as in xml_file(0).
[[nodiscard]] inline xml_source xml_file(const char* path) {
    return xml_file(std::string(path));
}

/// A whole document, which outlives the source.
[[nodiscard]] WEFT_EXPORT xml_source xml_text(std::string_view document, std::string name = "XML");

namespace detail {

template <class View>
class xml_chunk_reader final : public xml_source::reader {
public:
    explicit xml_chunk_reader(View view) : view_(std::move(view)) {}

    std::size_t read(char* into, std::size_t n) override {
        while (rest_.empty()) {
            if (!advance()) return 0;
            rest_ = **at_;
        }
        const std::size_t size = rest_.copy(into, n);
        rest_.remove_prefix(size);
        return size;
    }

private:
    bool advance() {
        if (at_)
            ++*at_;
        else
            at_.emplace(std::ranges::begin(view_));
        return *at_ != std::ranges::end(view_);
    }

    View view_;
    std::optional<std::ranges::iterator_t<View>> at_;
    std::string_view rest_;
};

/// What the view of a piece refers to lives until the next one.
template <class Piece>
concept lasting_piece =
    std::convertible_to<Piece, std::string_view> &&
    (std::is_reference_v<Piece> || std::same_as<std::remove_cv_t<Piece>, std::string_view>);

}  // namespace detail

/// The pieces of a range of strings or views: a container, a generator.
template <std::ranges::input_range Range>
    requires detail::lasting_piece<std::ranges::range_reference_t<Range>>
[[nodiscard]] xml_source xml_chunks(Range&& pieces, std::string name = "XML") {
    auto held = detail::hold(std::forward<Range>(pieces));
    using view = decltype(held);
    return {std::make_unique<detail::xml_chunk_reader<view>>(std::move(held)), std::move(name)};
}

}  // namespace weft
