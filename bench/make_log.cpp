// Writes the log that the pipelines search: make_log FILE LINES. See log.hpp.

#include "log.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace {

// splitmix64 (S. Vigna, public domain): the same numbers everywhere.
class random_numbers {
public:
    std::uint64_t next() noexcept {
        std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

private:
    std::uint64_t state_ = 2008;
};

constexpr std::size_t block_bytes = 256 << 10;

constexpr std::array<std::string_view, 8> pages = {
    "/",          "/ply/ply.html",        "/favicon.ico",     "/static/main.css",
    "/ply/index", "/images/diagram4.png", "/notes/2026/feb/", "/search?q=coroutines+threads"};
constexpr std::array<std::string_view, 4> python_pages = {
    "/python/", "/python/tutorial.html", "/download/python-3.11.tgz", "/search?q=python"};

class line_writer {
public:
    explicit line_writer(std::string& line) noexcept : line_(line) {}
    line_writer& operator<<(std::string_view text) {
        line_ += text;
        return *this;
    }
    line_writer& operator<<(std::uint64_t number) {
        std::array<char, 20> digits;
        const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
        line_.append(digits.begin(), end);
        return *this;
    }
    line_writer& two_digits(std::uint64_t number) {
        line_ += static_cast<char>('0' + number / 10);
        line_ += static_cast<char>('0' + number % 10);
        return *this;
    }

private:
    std::string& line_;
};

// Appends a line; true when it holds the word.
bool append_hit(std::string& text, random_numbers& random, std::uint64_t second) {
    const std::uint64_t who = random.next();
    const std::uint64_t what = random.next();
    const bool python = what % 100 == 42;
    line_writer line(text);
    line << (who & 255) << "." << (who >> 8 & 255) << "." << (who >> 16 & 255) << "."
         << (who >> 24 & 255) << " - - [" << (second / 86400 % 28 + 1) << "/Feb/2026:";
    line.two_digits(second / 3600 % 24) << ":";
    line.two_digits(second / 60 % 60) << ":";
    line.two_digits(second % 60) << " +0000] \"GET ";
    line << (python ? python_pages[what >> 8 & 3] : pages[what >> 8 & 7]);
    line << " HTTP/1.1\" " << ((what >> 16) % 50 == 0 ? "404" : "200") << " "
         << (what >> 24 & 0xffff) << " \"Mozilla/5.0\"\n";
    return python;
}

[[noreturn]] void fail(const std::string& path) {
    std::perror(("make_log: " + path).c_str());
    std::exit(1);
}

// Writes under another name first: a log that is there is whole.
bench::log_numbers write_log(const std::string& path, std::uint64_t lines) {
    const std::string partial = path + ".partial";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(partial.c_str(), "w"),
                                                               std::fclose);
    if (!file) fail(partial);
    random_numbers random;
    bench::log_numbers numbers;
    std::string text;
    const auto write = [&] {
        numbers.bytes += text.size();
        if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size()) fail(partial);
        text.clear();
    };
    for (; numbers.lines < lines; ++numbers.lines) {
        if (append_hit(text, random, numbers.lines / 7)) ++numbers.matches;
        if (text.size() >= block_bytes) write();
    }
    write();
    if (std::fflush(file.get()) != 0) fail(partial);
    std::filesystem::rename(partial, path);
    return numbers;
}

void write_numbers(const std::string& path, const bench::log_numbers& numbers) {
    const std::string target = bench::numbers_path(path);
    std::FILE* const file = std::fopen(target.c_str(), "w");
    if (file == nullptr) fail(target);
    std::fprintf(file, "lines %ju\nbytes %ju\nmatches %ju\n", std::uintmax_t{numbers.lines},
                 std::uintmax_t{numbers.bytes}, std::uintmax_t{numbers.matches});
    if (std::fclose(file) != 0) fail(target);
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t lines = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    if (lines == 0) {
        std::fprintf(stderr, "usage: make_log FILE LINES\n");
        return 2;
    }
    const std::string path = argv[1];
    std::error_code nothing_to_remove;
    std::filesystem::remove(bench::numbers_path(path), nothing_to_remove);
    write_numbers(path, write_log(path, lines));
}
