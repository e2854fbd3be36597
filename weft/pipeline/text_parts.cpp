#include "weft/pipeline/text_parts.hpp"

#include "weft/file/block_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weft {
namespace {

unique_fd open_part(const std::string& path, struct stat& facts) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    unique_fd file(fd);
    if (!file || ::fstat(file.get(), &facts) != 0) throw_system_error(errno, "reading " + path);
    return file;
}

}  // namespace

generator<text_part> text_parts(std::string path, std::uint64_t part_bytes) {
    struct stat facts{};
    static_cast<void>(open_part(path, facts));
    if (!S_ISREG(facts.st_mode))
        throw_system_error(S_ISDIR(facts.st_mode) ? EISDIR : ESPIPE, "reading " + path);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    const std::uint64_t step = std::max<std::uint64_t>(part_bytes, 1);
    std::uint64_t begin = 0;
    do {
        text_part part;
        part.path = path;
        part.begin = begin;
        part.device = facts.st_dev;
        part.inode = facts.st_ino;
        begin = step < size - begin ? begin + step : size;
        part.end = begin == size ? text_part::to_the_end : begin;
        co_yield std::move(part);
    } while (begin != size);
}

text_part_reader::text_part_reader(text_part part, std::size_t line_bytes_max)
    : part_(std::move(part)),
      buffer_(std::size_t{256} * 1024, line_bytes_max),
      read_at_(part_.begin) {
    struct stat facts{};
    file_ = open_part(part_.path, facts);
    if (facts.st_dev != part_.device || facts.st_ino != part_.inode)
        throw_system_error(ESTALE, "reading " + part_.path);
    if (part_.begin == 0) return;
    // Whether a line begins with the part, the byte before it tells.
    is_before_ = true;
    given_ = --read_at_;
}

bool text_part_reader::read_more() {
    const std::span<char> room = buffer_.room();
    if (room.empty()) throw_line_too_long(part_.path, buffer_.line_bytes_max());
    // Behind the end only the rest of a line is wanted.
    constexpr std::uint64_t rest_of_a_line = 4096;
    const std::uint64_t left = read_at_ < part_.end ? part_.end - read_at_ : 0;
    const std::size_t most = static_cast<std::size_t>(
        std::min<std::uint64_t>(room.size(), std::max(left, rest_of_a_line)));
    ssize_t got = 0;
    do {
        got = ::pread(file_.get(), room.data(), most, static_cast<off_t>(read_at_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw_system_error(errno, "reading " + part_.path);
    buffer_.added(static_cast<std::size_t>(got));
    read_at_ += static_cast<std::uint64_t>(got);
    return got != 0;
}

std::string_view text_part_reader::next() {
    while (!ended_) {
        if (!read_more()) {
            ended_ = true;
            const std::string_view last = buffer_.rest();
            return is_before_ ? std::string_view() : counted(last);
        }
        std::string_view block = buffer_.whole_lines();
        if (block.empty()) {
            if (!is_before_) continue;
            // Somebody else's line: nothing of it is kept.
            given_ += buffer_.rest().size();
            ended_ = given_ >= part_.end;
            continue;
        }
        block = cut(block);
        if (!block.empty()) return counted(block);
    }
    return {};
}

/// What of the block belongs to the part.
std::string_view text_part_reader::cut(std::string_view block) {
    std::uint64_t at = std::exchange(given_, given_ + block.size());
    if (is_before_) {
        const std::size_t end = block.find('\n') + 1;
        block.remove_prefix(end);
        at += end;
        is_before_ = false;
    }
    if (at >= part_.end) {
        ended_ = true;
        return {};
    }
    if (part_.end - at > block.size()) return block;
    // The line that the last byte of the part is in is its last.
    ended_ = true;
    return block.substr(0, block.find('\n', static_cast<std::size_t>(part_.end - at) - 1) + 1);
}

}  // namespace weft
