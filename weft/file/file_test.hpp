#pragma once

#include "weft/base/fd.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

/// What the tests of files and of pipelines share.
namespace weft::file_test {

/// A folder that is there as long as this object.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

inline void append_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct pipe_ends {
    unique_fd read;
    unique_fd write;
    pipe_ends() {
        int fds[2];
        if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        read.reset(fds[0]);
        write.reset(fds[1]);
    }
    void put(std::string_view text) const {
        if (::write(write.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("the pipe is full");
    }
};

/// The lines of a text, found in the simplest way: what all others are compared with.
inline std::vector<std::string> plain_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

/// `what()` of what a call throws; empty if it throws nothing.
template <class Error, class Function>
std::string error_text(Function function) {
    try {
        function();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace weft::file_test
