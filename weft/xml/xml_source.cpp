#include "weft/xml/xml_source.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace weft {
namespace {

class xml_file_reader final : public xml_source::reader {
public:
    xml_file_reader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
        // Twice the read-ahead window. Where it is not supported, nothing is lost.
        static_cast<void>(::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL));
    }
    xml_file_reader(unique_fd file, std::string name)
        : xml_file_reader(file.get(), std::move(name)) {
        owned_ = std::move(file);
    }

    std::size_t read(char* into, std::size_t n) override {
        for (;;) {
            const ssize_t size = ::read(fd_, into, n);
            if (size >= 0) return static_cast<std::size_t>(size);
            if (errno != EINTR) throw_system_error(errno, "reading " + name_);
        }
    }

private:
    unique_fd owned_;
    int fd_;
    std::string name_;
};

class xml_text_reader final : public xml_source::reader {
public:
    explicit xml_text_reader(std::string_view document) noexcept : rest_(document) {}
    std::size_t read(char* into, std::size_t n) override {
        const std::size_t size = rest_.copy(into, n);
        rest_.remove_prefix(size);
        return size;
    }

private:
    std::string_view rest_;
};

}  // namespace

xml_source::reader::~reader() = default;

xml_source xml_file(unique_fd file, std::string name) {
    return {std::make_unique<xml_file_reader>(std::move(file), name), name};
}

xml_source xml_file(std::string path) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);  // A FIFO's open waits for its writer.
    if (fd < 0) throw_system_error(errno, "reading " + path);
    return xml_file(unique_fd(fd), std::move(path));
}

xml_source xml_file(int fd) {
    std::string name = describe_fd(fd);
    return {std::make_unique<xml_file_reader>(fd, name), name};
}

xml_source xml_text(std::string_view document, std::string name) {
    return {std::make_unique<xml_text_reader>(document), std::move(name)};
}

}  // namespace weft
