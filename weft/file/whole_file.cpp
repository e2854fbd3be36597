#include "weft/file/whole_file.hpp"

#include "weft/base/fd.hpp"
#include "weft/file/file.hpp"
#include "weft/io/offload.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weft {
namespace {

/// A file beside the one that it is to replace; removed, unless it has. Made on a thread.
class replacement {
public:
    replacement(const std::string& path, mode_t permissions) {
        char* const real = ::realpath(path.c_str(), nullptr);
        target_ = real != nullptr ? real : path;
        ::free(real);
        const std::size_t slash = target_.rfind('/');
        const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
        name_ = target_.substr(0, begin) + "." + target_.substr(begin) + ".XXXXXX";
        descriptor_.reset(::mkostemp(name_.data(), O_CLOEXEC));
        if (!descriptor_) {
            name_.clear();
            fail();
        }
        struct stat old{};
        if (::stat(target_.c_str(), &old) == 0) {
            ::fchmod(descriptor_.get(), old.st_mode & 07777);
        } else {
            // mkostemp leaves it to its owner; umask can only be asked by setting it.
            const mode_t mask = umask_of_process();
            ::fchmod(descriptor_.get(), permissions & ~mask);
        }
    }
    replacement(replacement&& other) noexcept
        : target_(std::move(other.target_)),
          name_(std::exchange(other.name_, {})),
          descriptor_(std::move(other.descriptor_)) {}
    replacement& operator=(replacement&&) = delete;
    ~replacement() {
        if (!name_.empty()) ::unlink(name_.c_str());
    }

    [[nodiscard]] unique_fd take() noexcept { return std::move(descriptor_); }
    void replace() {
        if (::rename(name_.c_str(), target_.c_str()) != 0) fail();
        name_.clear();
    }
    /// The new name, too, is to be found after a crash.
    void sync_directory() const noexcept {
        const std::size_t slash = target_.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : target_.substr(0, slash + 1);
        const unique_fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (opened) ::fsync(opened.get());
    }

private:
    [[noreturn]] void fail() const { throw_system_error(errno, "replacing '" + target_ + "'"); }

    static mode_t umask_of_process() {
        // Not by umask(2), which would change it for the other threads in between.
        unsigned mask = 022;
        if (std::FILE* const status = std::fopen("/proc/self/status", "re")) {
            char line[256];
            while (std::fgets(line, sizeof line, status) != nullptr)
                if (std::sscanf(line, "Umask: %o", &mask) == 1) break;
            std::fclose(status);
        }
        return mask;
    }

    std::string target_;
    std::string name_;
    unique_fd descriptor_;
};

replacement make_replacement(const std::string& path, mode_t permissions) {
    return replacement(path, permissions);
}

void put_in_place(replacement* made, bool synced) {
    made->replace();
    if (synced) made->sync_directory();
}

task<> replace_file(std::string path, std::string_view bytes, write_options how) {
    replacement made = co_await offload(make_replacement, path, how.permissions());
    {
        file to(file::adopt(made.take(), path));
        co_await to.write_all(bytes);
        if (how.is_synced()) co_await to.sync();
        co_await to.close();
    }
    co_await offload(put_in_place, &made, how.is_synced());
}

}  // namespace

task<std::string> read_file(std::string path, std::size_t limit) {
    const file from = co_await file::open(std::move(path));
    co_return co_await from.read_all(limit);
}

task<> write_file(std::string path, std::string_view bytes, write_options how) {
    if (how.is_atomic()) {
        co_await replace_file(std::move(path), bytes, how);
        co_return;
    }
    file to = co_await file::open(std::move(path),
                                  open_mode().create().truncate().permissions(how.permissions()));
    co_await to.write_all(bytes);
    co_await to.close();
}

}  // namespace weft
