#include "scratch_log.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace weft::tour {
namespace {

[[noreturn]] void fail(const std::string& attempt) {
    throw std::system_error(errno, std::generic_category(), attempt);
}

std::filesystem::path make_directory() {
    std::string name = std::filesystem::temp_directory_path() / "weft-tour-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) fail("making the directory " + name);
    return name;
}

unique_fd open_log(const std::string& path) {
    unique_fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!file) fail("opening " + path);
    return file;
}

}  // namespace

scratch_log::scratch_log()
    : directory_(make_directory()),
      path_(directory_ / "test.log"),
      file_(open_log(path_)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
    if (!stop_) fail("eventfd");
}

scratch_log::~scratch_log() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void scratch_log::append(std::string_view text) {
    if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        fail("writing " + path());
}

void scratch_log::truncate() {
    if (ftruncate(file_.get(), 0) != 0) fail("truncating " + path());
}

void scratch_log::rotate() {
    std::filesystem::rename(path_, directory_ / "test.log.1");
    file_ = open_log(path_);
}

void scratch_log::stop() {
    if (eventfd_write(stop_.get(), 1) != 0) fail("eventfd_write");
}

}  // namespace weft::tour
