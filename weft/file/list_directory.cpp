#include "weft/file/list_directory.hpp"

#include "weft/base/fd.hpp"
#include "weft/io/offload.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <glob.h>
#include <memory>
#include <new>

namespace weft {
namespace {

file_type type_of(unsigned char type) {
    switch (type) {
        case DT_REG: return file_type::regular;
        case DT_DIR: return file_type::directory;
        case DT_LNK: return file_type::symlink;
        case DT_FIFO: return file_type::fifo;
        case DT_SOCK: return file_type::socket;
        case DT_CHR: return file_type::character;
        case DT_BLK: return file_type::block;
        default: return file_type::unknown;
    }
}

std::vector<directory_entry> list_blocking(const std::string& path) {
    struct closer {
        void operator()(DIR* d) const noexcept { ::closedir(d); }
    };
    const std::unique_ptr<DIR, closer> opened(::opendir(path.c_str()));
    if (opened == nullptr) throw_system_error(errno, "listing '" + path + "'");
    std::vector<directory_entry> all;
    for (;;) {
        errno = 0;
        const dirent* const one = ::readdir(opened.get());
        if (one == nullptr) break;
        const std::string name = one->d_name;
        if (name != "." && name != "..") all.emplace_back(name, type_of(one->d_type));
    }
    if (errno != 0) throw_system_error(errno, "listing '" + path + "'");
    std::ranges::sort(all, {}, &directory_entry::name);
    return all;
}

std::vector<std::string> glob_blocking(const std::string& pattern) {
    struct matches : glob_t {
        matches() noexcept : glob_t() {}
        matches(const matches&) = delete;
        matches& operator=(const matches&) = delete;
        ~matches() { ::globfree(this); }
    } found;
    const int result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
    if (result == GLOB_NOSPACE) throw std::bad_alloc();
    std::vector<std::string> all(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    std::ranges::sort(all);
    return all;
}

}  // namespace

task<std::vector<directory_entry>> list_directory(std::string path) {
    co_return co_await offload(list_blocking, std::move(path));
}

task<std::vector<std::string>> glob(std::string pattern) {
    co_return co_await offload(glob_blocking, std::move(pattern));
}

}  // namespace weft
