#include "weft/pipeline/lines.hpp"

#include "weft/base/fd.hpp"
#include "weft/file/line_splitter.hpp"

namespace weft {
namespace {

generator<std::string_view> split_lines(block_reader& reader) {
    std::string_view line;
    for (;;) {
        const std::string_view block = reader.next();
        if (block.empty()) co_return;
        for (line_splitter split(block); split.next(line);) co_yield std::move(line);
    }
}

}  // namespace

line_source::line_source(block_reader reader)
    : reader_(std::make_unique<block_reader>(std::move(reader))), lines_(split_lines(*reader_)) {}

line_source lines(block_reader reader) {
    return line_source(std::move(reader));
}

line_source lines(std::string path) {
    return lines(block_reader(std::move(path)));
}

line_source lines(int fd) {
    return lines(block_reader(fd, describe_fd(fd)));
}

line_source lines(unique_fd file) {
    std::string name = describe_fd(file.get());
    return lines(block_reader(std::move(file), std::move(name)));
}

}  // namespace weft
