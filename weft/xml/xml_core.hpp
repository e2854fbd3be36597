#pragma once

#include "weft/base/export.hpp"
#include "weft/core/consumer.hpp"
#include "weft/xml/xml_event.hpp"
#include "weft/xml/xml_options.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>

// Expat's own name for what its XML_Parser points to.
struct XML_ParserStruct;

namespace weft::detail {

/// For consumers of values.
[[nodiscard]] consumer<const xml_event&> hand_out_copies(consumer<xml_event> target);

/// Expat, and what its callbacks do: join text, keep the limits, send events to a consumer.
///
/// Invariants:
/// 1. No exception crosses expat: a callback that fails keeps it in `failure_`, stops expat and
///    takes the callbacks away, as expat would call some even then. `go_on` rethrows it.
/// 2. Text is sent by what follows it. Until then it is `text_size_` bytes at `text_`: in expat's
///    buffer as long as its pieces touch there and the buffer stays, else in `joined_`.
/// 3. `stable_` and `stable_size_` are the bytes of the last `room()`: they stay where they are
///    until the next `room()`, so text in them needs no copy. `keep_text()` comes before that.
/// 4. The consumer's body may suspend a fiber, but it may not use or destroy this parser.
class WEFT_EXPORT xml_core {
public:
    xml_core(consumer<const xml_event&> target, xml_options how, std::string_view source);
    xml_core(const xml_core&) = delete;
    xml_core& operator=(const xml_core&) = delete;
    ~xml_core();

    /// Where up to `n` bytes of the document are to be written.
    [[nodiscard]] std::span<char> room(std::size_t n);
    /// The first `n` of them are there. False when the consumer has ended, or `pause()` was called:
    /// then `resume()` goes on.
    bool commit(std::size_t n) { return parse(n, false); }
    /// There are no more. Does not close the consumer.
    bool finish();
    bool resume();

    /// For the consumer: to hand back control after this event, and perhaps one more.
    void pause() noexcept;
    [[nodiscard]] bool is_paused() const noexcept { return state_ == state::paused; }
    [[nodiscard]] bool has_ended() const noexcept {
        return state_ == state::ended || state_ == state::failed;
    }

    [[nodiscard]] consumer<const xml_event&>& target() noexcept { return target_; }
    [[nodiscard]] const xml_options& options() const noexcept { return options_; }
    [[nodiscard]] const std::string& source() const noexcept { return source_; }
    [[nodiscard]] xml_position position() const noexcept;

private:
    enum class state : std::uint8_t { idle, parsing, paused, ended, failed };
    struct callbacks;
    struct free_parser {
        void operator()(XML_ParserStruct* parser) const noexcept;
    };

    void set_callbacks();
    void clear_callbacks() noexcept;
    void check_idle(const char* attempt) const;
    bool parse(std::size_t n, bool is_last);
    bool go_on(int status);
    [[noreturn]] void fail_for_good(std::exception_ptr error);
    [[nodiscard]] std::string reason() const;
    void check_markup();

    // In callbacks.
    void stop() noexcept;
    void fail(std::exception_ptr error) noexcept;
    void refuse(std::string reason) noexcept;
    void exceeds(const char* what, std::size_t limit, const char* option) noexcept;
    void send() noexcept;
    [[nodiscard]] bool end_text(bool is_kept) noexcept;
    [[nodiscard]] bool send_text() noexcept;
    [[nodiscard]] bool is_stable(const char* at) const noexcept;
    void add_text(const char* text, std::size_t n);
    void copy_text(const char* text, std::size_t n);
    void keep_text();
    [[nodiscard]] bool is_within_limits(const char* name, const char* const* attributes) noexcept;
    [[nodiscard]] bool has_small(const char* const* attributes) noexcept;

    consumer<const xml_event&> target_;
    xml_event event_;
    // What each event touches.
    const char* text_ = nullptr;
    std::size_t text_size_ = 0;
    const char* stable_ = nullptr;
    std::size_t stable_size_ = 0;
    std::size_t text_max_;
    std::size_t depth_max_;
    std::size_t long_tag_;  // whose name may be too long
    bool skips_blank_;
    bool text_with_end_;
    state state_ = state::idle;
    bool is_last_ = false;
    std::unique_ptr<char[]> joined_;
    std::size_t joined_room_ = 0;
    std::uint64_t fed_ = 0;
    std::exception_ptr failure_;
    xml_options options_;
    std::string source_;
    std::unique_ptr<XML_ParserStruct, free_parser> parser_;
};

}  // namespace weft::detail
