// A cached file of 64 MiB, read in pieces of 64 KiB, a number of times, against bare pread.

#include "bench.hpp"

#include <weft/base/fd.hpp>
#include <weft/core/run.hpp>
#include <weft/core/task.hpp>
#include <weft/file/file.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace {

constexpr std::size_t piece = std::size_t{64} << 10;
constexpr std::size_t file_size = std::size_t{64} << 20;
constexpr std::uint64_t pieces = 8 * file_size / piece;

/// Deleted already; found by its descriptor.
class cached_file {
public:
    cached_file() {
        char name[] = "/tmp/weft-bench-XXXXXX";
        fd_.reset(::mkostemp(name, O_CLOEXEC));
        bench::need(static_cast<bool>(fd_), "a file in /tmp");
        ::unlink(name);
        const std::string bytes(piece, 'x');
        for (std::size_t at = 0; at < file_size; at += piece)
            bench::require(::write(fd_.get(), bytes.data(), piece) == piece, "the file");
    }
    [[nodiscard]] int descriptor() const { return fd_.get(); }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

private:
    weft::unique_fd fd_;
};

std::uint64_t offset_of(std::uint64_t i) {
    return i * piece % file_size;
}

weft::task<> read_pieces(std::string path, std::uint64_t n) {
    const auto file = co_await weft::file::open(path);
    const std::unique_ptr<char[]> into(new char[piece]);
    for (std::uint64_t i = 0; i < n; ++i) {
        const std::size_t got = co_await file.read_at(offset_of(i), into.get(), piece);
        bench::require(got == piece, "how much was read");
    }
}

double measure_weft(std::string_view) {
    const cached_file cached;
    return bench::ns_each(pieces,
                          [&](std::uint64_t n) { weft::run(read_pieces(cached.path(), n)); });
}

double measure_pread(std::string_view) {
    const cached_file cached;
    return bench::ns_each(pieces, [&](std::uint64_t n) {
        const std::unique_ptr<char[]> into(new char[piece]);
        for (std::uint64_t i = 0; i < n; ++i)
            bench::require(::pread(cached.descriptor(), into.get(), piece,
                                   static_cast<off_t>(offset_of(i))) == piece,
                           "how much was read");
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, "ns_per_piece",
                      {{"weft", measure_weft}, {"pread", measure_pread}});
}
