#define XML_DTD  // for the limits of entities, which Expat 2.4 and later has when it was built so

#include "weft/xml/xml_core.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"

#include <expat.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

static_assert(std::is_same_v<XML_Char, char>, "weft needs an Expat whose strings are UTF-8");

namespace weft::detail {
namespace {

/// XML has no characters below the space but those that are white space as well. Eight bytes may be
/// read.
bool is_short_blank(const char* text, std::size_t n) noexcept {
    std::uint64_t all = 0;
    std::memcpy(&all, text, sizeof all);
    // The high bit of each byte that is above the space; what is carried goes to bytes behind it.
    const std::uint64_t ink = (all | (all + 0x5f5f'5f5f'5f5f'5f5fU)) & 0x8080'8080'8080'8080U;
    return std::endian::native == std::endian::little && ink << (64 - 8 * n) == 0;
}

bool is_blank(const char* text, std::size_t n) noexcept {
    for (const char* const end = text + n; text != end; ++text)
        if (static_cast<unsigned char>(*text) > ' ') return false;
    return true;
}

std::size_t size_of(const char* text) noexcept {
    return std::strlen(text);
}

/// What an end of line is until what follows it has been seen.
constexpr const char newline[] = "\n";

std::uintptr_t address(const char* byte) noexcept {
    return reinterpret_cast<std::uintptr_t>(byte);
}

}  // namespace

/// What Expat calls. `self` is the parser. None lets an exception out.
struct xml_core::callbacks {
    static void start(void* self, const XML_Char* name, const XML_Char** attributes) noexcept {
        auto& core = *static_cast<xml_core*>(self);
        if (core.text_size_ != 0 && !core.end_text(false)) return;
        if (++core.event_.depth_ > core.depth_max_) [[unlikely]]
            return core.exceeds("elements inside each other", core.depth_max_, "depth_max");
        if (!core.is_within_limits(name, attributes)) [[unlikely]]
            return;
        core.event_.kind_ = xml_kind::start;
        core.event_.name_ = name;
        core.event_.attributes_ = attributes;
        core.send();
    }
    static void end(void* self, const XML_Char* name) noexcept {
        auto& core = *static_cast<xml_core*>(self);
        if (core.text_size_ != 0 && !core.end_text(core.text_with_end_)) return;
        core.event_.kind_ = xml_kind::end;
        core.event_.name_ = name;
        core.send();
        core.event_.text_size_ = 0;
        --core.event_.depth_;
    }
    static void text(void* self, const XML_Char* bytes, int n) noexcept {
        static_cast<xml_core*>(self)->add_text(bytes, static_cast<std::size_t>(n));
    }
    static void comment(void* self, const XML_Char* bytes) noexcept {
        other(self, xml_kind::comment, "", bytes);
    }
    static void instruction(void* self, const XML_Char* target, const XML_Char* bytes) noexcept {
        other(self, xml_kind::instruction, target, bytes);
    }
    static void other(void* self, xml_kind kind, const XML_Char* name,
                      const XML_Char* bytes) noexcept {
        auto& core = *static_cast<xml_core*>(self);
        if (core.text_size_ != 0 && !core.end_text(false)) return;
        core.event_.kind_ = kind;
        core.event_.name_ = name;
        core.event_.text_ = bytes;
        core.event_.text_size_ = size_of(bytes);
        core.send();
        core.event_.text_size_ = 0;
    }
    static void doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                        int) noexcept {
        static_cast<xml_core*>(self)->refuse(
            "a document type declaration is not allowed here: xml_options::doctype(true) "
            "allows it");
    }
    static int external(XML_Parser parser, const XML_Char* context, const XML_Char*,
                        const XML_Char* system, const XML_Char*) noexcept {
        auto& core = *static_cast<xml_core*>(XML_GetUserData(parser));
        // No context: a parameter entity, which only declares.
        std::string what = context != nullptr ? "'" + std::string(context) + "'" : "of the DTD";
        if (system != nullptr) what += " (" + std::string(system) + ")";
        core.refuse("the external entity " + what +
                    " is not loaded: put its text into the "
                    "document");
        return XML_STATUS_ERROR;
    }
    static void skipped(void* self, const XML_Char* name, int is_parameter) noexcept {
        if (is_parameter != 0) return;
        static_cast<xml_core*>(self)->refuse(
            "the entity '" + std::string(name) +
            "' is declared outside of the document, which is not loaded: declare it inside, or "
            "write its text");
    }
};

void xml_core::free_parser::operator()(XML_ParserStruct* parser) const noexcept {
    XML_ParserFree(parser);
}

xml_core::xml_core(consumer<const xml_event&> target, xml_options how, std::string_view source)
    : target_(std::move(target)),
      text_max_(how.text_bytes_max()),
      depth_max_(how.depth_max()),
      long_tag_(how.has_namespaces() ? 0 : how.name_bytes_max() / 2),
      skips_blank_(how.skips_blank_text()),
      text_with_end_(how.has_text_with_end()),
      options_(std::move(how)),
      source_(options_.name().empty() ? source : options_.name()) {
    const char* const encoding =
        options_.encoding().empty() ? nullptr : options_.encoding().c_str();
    parser_.reset(options_.has_namespaces() ? XML_ParserCreateNS(encoding, xml_space_end)
                                            : XML_ParserCreate(encoding));
    if (parser_ == nullptr) throw std::bad_alloc();
    if (options_.expansion_max() < 1)
        throw usage_error("xml_options::expansion_max(): a document is at least as large as it is: "
                          "give 1 or more");
    XML_SetBillionLaughsAttackProtectionMaximumAmplification(
        parser_.get(), static_cast<float>(options_.expansion_max()));
    XML_SetBillionLaughsAttackProtectionActivationThreshold(parser_.get(),
                                                            options_.expansion_from());
    event_.core_ = this;
    set_callbacks();
}

xml_core::~xml_core() {
    WEFT_CHECK(state_ != state::parsing,
               "an XML parser was destroyed by the consumer that it sends events to: let feed() "
               "return first");
}

void xml_core::set_callbacks() {
    XML_ParserStruct* const parser = parser_.get();
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, callbacks::start, callbacks::end);
    XML_SetCharacterDataHandler(parser, callbacks::text);
    if (options_.has_comments()) XML_SetCommentHandler(parser, callbacks::comment);
    if (options_.has_instructions())
        XML_SetProcessingInstructionHandler(parser, callbacks::instruction);
    if (!options_.allows_doctype()) XML_SetStartDoctypeDeclHandler(parser, callbacks::doctype);
    XML_SetExternalEntityRefHandler(parser, callbacks::external);
    XML_SetSkippedEntityHandler(parser, callbacks::skipped);
}

void xml_core::clear_callbacks() noexcept {
    XML_ParserStruct* const parser = parser_.get();
    XML_SetElementHandler(parser, nullptr, nullptr);
    XML_SetCharacterDataHandler(parser, nullptr);
    XML_SetCommentHandler(parser, nullptr);
    XML_SetProcessingInstructionHandler(parser, nullptr);
    XML_SetStartDoctypeDeclHandler(parser, nullptr);
    XML_SetSkippedEntityHandler(parser, nullptr);
}

// ---- From outside.

void xml_core::check_idle(const char* attempt) const {
    if (state_ == state::parsing)
        throw already_executing(std::string(attempt) +
                                ": this parser is sending an event: its consumer cannot feed it");
    if (state_ == state::failed) std::rethrow_exception(failure_);
    if (is_last_)
        throw usage_error(std::string(attempt) +
                          ": the document was finished: another one takes another parser");
}

std::span<char> xml_core::room(std::size_t n) {
    check_idle("room()");
    if (has_ended()) return {};
    n = std::clamp<std::size_t>(n, 1, INT_MAX / 4);  // Expat has no empty buffer.
    keep_text();
    auto* const into = static_cast<char*>(XML_GetBuffer(parser_.get(), static_cast<int>(n)));
    if (into == nullptr) throw std::bad_alloc();
    stable_ = into;
    stable_size_ = n;
    return {into, n};
}

bool xml_core::parse(std::size_t n, bool is_last) {
    check_idle("feed()");
    if (has_ended()) return false;
    WEFT_CHECK(n <= stable_size_, "more bytes were committed to an XML parser than there was room");
    stable_size_ = n;
    fed_ += n;
    is_last_ = is_last;
    state_ = state::parsing;
    return go_on(XML_ParseBuffer(parser_.get(), static_cast<int>(n), is_last ? 1 : 0));
}

bool xml_core::finish() {
    check_idle("finish()");
    if (has_ended()) return false;
    static_cast<void>(room(1));
    return parse(0, true);
}

bool xml_core::resume() {
    state_ = state::parsing;
    return go_on(XML_ResumeParser(parser_.get()));
}

bool xml_core::go_on(int status) {
    if (failure_ != nullptr) fail_for_good(std::exchange(failure_, nullptr));
    if (state_ == state::ended) return false;
    if (status == XML_STATUS_SUSPENDED) {
        state_ = state::paused;
        return false;
    }
    state_ = state::idle;
    if (status == XML_STATUS_ERROR) {
        if (XML_GetErrorCode(parser_.get()) == XML_ERROR_NO_MEMORY)
            fail_for_good(std::make_exception_ptr(std::bad_alloc()));
        fail_for_good(std::make_exception_ptr(xml_error(source_, position(), reason())));
    }
    if (!is_last_) check_markup();
    return true;
}

void xml_core::fail_for_good(std::exception_ptr error) {
    state_ = state::failed;
    failure_ = error;
    std::rethrow_exception(std::move(error));
}

std::string xml_core::reason() const {
    const XML_Error code = XML_GetErrorCode(parser_.get());
    const char* const words = XML_ErrorString(code);
    std::string text = words != nullptr ? words : "error " + std::to_string(code);
    if (code == XML_ERROR_NO_ELEMENTS && event_.depth_ > 0)
        text = "the document ends inside of " + std::to_string(event_.depth_) +
               (event_.depth_ == 1 ? " element that is open" : " elements that are open");
    if (code == XML_ERROR_AMPLIFICATION_LIMIT_BREACH)
        text = "entities make the document more than " +
               std::to_string(static_cast<long>(options_.expansion_max())) +
               " times larger: xml_options::expansion_max() sets this limit";
    if (code == XML_ERROR_UNKNOWN_ENCODING)
        text += ": UTF-8, UTF-16, ISO-8859-1 and US-ASCII are known";
    return text;
}

/// What Expat keeps until it has seen its end.
void xml_core::check_markup() {
    // Where the next token begins, which is not complete; negative when none has been.
    const XML_Index at = std::max<XML_Index>(0, XML_GetCurrentByteIndex(parser_.get()));
    if (fed_ - static_cast<std::uint64_t>(at) <= options_.markup_bytes_max()) return;
    exceeds("bytes in one tag, comment or declaration", options_.markup_bytes_max(),
            "markup_bytes_max");
    fail_for_good(std::exchange(failure_, nullptr));
}

void xml_core::pause() noexcept {
    if (state_ == state::parsing) XML_StopParser(parser_.get(), XML_TRUE);
}

xml_position xml_core::position() const noexcept {
    XML_ParserStruct* const parser = parser_.get();
    const XML_Index offset = XML_GetCurrentByteIndex(parser);
    return {XML_GetCurrentLineNumber(parser), XML_GetCurrentColumnNumber(parser) + 1,
            offset < 0 ? fed_ : static_cast<std::uint64_t>(offset)};
}

// ---- In callbacks.

void xml_core::stop() noexcept {
    clear_callbacks();
    text_size_ = 0;
    XML_StopParser(parser_.get(), XML_FALSE);
}

void xml_core::fail(std::exception_ptr error) noexcept {
    if (failure_ == nullptr) failure_ = std::move(error);
    stop();
}

void xml_core::refuse(std::string reason) noexcept {
    fail(std::make_exception_ptr(xml_error(source_, position(), std::move(reason))));
}

void xml_core::exceeds(const char* what, std::size_t limit, const char* option) noexcept {
    refuse("more than " + std::to_string(limit) + " " + what + ": xml_options::" + option +
           "() sets this limit");
}

inline void xml_core::send() noexcept {
    try {
        if (target_.send(event_)) [[likely]]
            return;
        state_ = state::ended;
        stop();
    } catch (...) {
        fail(std::current_exception());
    }
}

/// The text up to a tag is complete: it is sent, or put into the event of that tag. False when the
/// parser has stopped.
inline bool xml_core::end_text(bool is_kept) noexcept {
    const std::size_t size = std::exchange(text_size_, 0);
    if (skips_blank_ &&
        (size <= 8 && is_stable(text_ + 7) ? is_short_blank(text_, size) : is_blank(text_, size)))
        return true;
    event_.text_ = text_;
    event_.text_size_ = size;
    return (is_kept && size <= text_max_) || send_text();
}

bool xml_core::send_text() noexcept {
    if (event_.text_size_ > text_max_) [[unlikely]] {
        exceeds("bytes of text between two tags", text_max_, "text_bytes_max");
        return false;
    }
    event_.kind_ = xml_kind::text;
    event_.name_ = "";
    send();
    event_.text_size_ = 0;
    return state_ == state::parsing && failure_ == nullptr;
}

/// Joins pieces where they lie, if they do so side by side. Expat gives an end of line from a place
/// of its own: the byte that it stands for is looked for in the buffer. In other encodings, and in
/// entities, the pieces lie elsewhere.
inline void xml_core::add_text(const char* text, std::size_t n) {
    const bool is_newline = n == 1 && *text == '\n';
    if (text_size_ == 0) {
        text_size_ = n;
        if (is_newline) {
            text_ = newline;
            return;
        }
        text_ = text;
        if (is_stable(text)) [[likely]]
            return;
        text_size_ = 0;
    } else if (text_ == newline && is_stable(text) && text != stable_ && text[-1] == '\n') {
        text_ = text - 1;
        text_size_ = n + 1;
        return;
    } else if (const char* const end = text_ + text_size_;
               is_stable(end) && (text == end || (is_newline && *end == '\n'))) {
        text_size_ += n;
        return;
    }
    copy_text(text, n);
}

void xml_core::copy_text(const char* text, std::size_t n) {
    if (text_size_ + n > text_max_)
        return exceeds("bytes of text between two tags", text_max_, "text_bytes_max");
    const std::size_t size = text_size_ + n;
    if (size > joined_room_) {
        const std::size_t room = std::max<std::size_t>(2 * size, 256);
        auto* const grown = new (std::nothrow) char[room];
        if (grown == nullptr) return fail(std::make_exception_ptr(std::bad_alloc()));
        std::memcpy(grown, text_, text_size_);
        joined_.reset(grown);
        joined_room_ = room;
    } else if (text_ != joined_.get()) {
        std::memcpy(joined_.get(), text_, text_size_);
    }
    text_ = joined_.get();
    std::memcpy(joined_.get() + text_size_, text, n);
    text_size_ = size;
}

void xml_core::keep_text() {
    if (text_size_ != 0 && text_ != joined_.get() && text_ != newline) copy_text("", 0);
}

inline bool xml_core::is_stable(const char* at) const noexcept {
    return address(at) - address(stable_) < stable_size_;
}

inline bool xml_core::is_within_limits(const char* name, const char* const* attributes) noexcept {
    // A name that is not expanded is shorter than its tag; in UTF-16 by no more than a half.
    const auto tag = static_cast<std::size_t>(XML_GetCurrentByteCount(parser_.get()));
    if (tag >= long_tag_) [[unlikely]] {
        if (size_of(name) > options_.name_bytes_max()) {
            exceeds("bytes in the name of an element", options_.name_bytes_max(), "name_bytes_max");
            return false;
        }
    }
    return *attributes == nullptr || has_small(attributes);
}

bool xml_core::has_small(const char* const* attributes) noexcept {
    std::size_t count = 0;
    for (; *attributes != nullptr; attributes += 2) {
        if (++count > options_.attributes_max()) {
            exceeds("attributes of an element", options_.attributes_max(), "attributes_max");
            return false;
        }
        if (size_of(attributes[0]) > options_.name_bytes_max()) {
            exceeds("bytes in the name of an attribute", options_.name_bytes_max(),
                    "name_bytes_max");
            return false;
        }
        if (size_of(attributes[1]) > options_.attribute_bytes_max()) {
            exceeds("bytes in the value of an attribute", options_.attribute_bytes_max(),
                    "attribute_bytes_max");
            return false;
        }
    }
    return true;
}

}  // namespace weft::detail
