#pragma once

#include "weft/file/line_writer.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Where `weft pipe` writes: standard output, unless it is quiet, and the file of --tee.
namespace weft::tool {

/// An output cannot be written. Not a `std::exception`: what reads an input must not take it for an
/// error of that.
class output_failure {
public:
    explicit output_failure(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

class pipe_output {
public:
    pipe_output(bool quiet, const std::string& tee, bool append);
    pipe_output(const pipe_output&) = delete;
    pipe_output& operator=(const pipe_output&) = delete;
    /// Writes what is left, if it can: an error has been told already when it gets here with any.
    ~pipe_output();

    void write(std::string_view line);
    /// Lines, each with its '\n'.
    void write_lines(std::string_view text);
    void flush();
    /// Whether the reader of standard output has gone.
    [[nodiscard]] bool closed() const noexcept { return out_ && out_->closed(); }
    [[nodiscard]] bool has_tee() const noexcept { return tee_.has_value(); }

private:
    template <class Write>
    void to_both(Write write);

    std::optional<line_writer> out_;
    std::optional<line_writer> tee_;
};

}  // namespace weft::tool
