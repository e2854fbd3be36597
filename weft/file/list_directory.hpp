#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What there is: directories and patterns.
namespace weft {

enum class file_type : std::uint8_t {
    regular,
    directory,
    symlink,
    fifo,
    socket,
    character,
    block,
    unknown,
};

/// A name in a directory.
class WEFT_EXPORT directory_entry {
public:
    directory_entry(std::string its_name, file_type what) : name(std::move(its_name)), type(what) {}

    std::string name;  ///< without the directory
    /// Of a symbolic link, `symlink`. `unknown` when the file system does not say.
    file_type type;

    [[nodiscard]] bool is_directory() const noexcept { return type == file_type::directory; }
    [[nodiscard]] bool operator==(const directory_entry&) const = default;
};

/// Awaited, gives what is in a directory, sorted by name, without "." and "..". A thread reads it
/// (`offload`). Throws `std::system_error`, which names the path.
///
/// ```cpp
/// weft::task<> show(std::string folder) {
///     for (const auto& entry : co_await weft::list_directory(folder))
///         std::cout << entry.name << (entry.is_directory() ? "/\n" : "\n");
/// }
/// ```
[[nodiscard]] WEFT_EXPORT task<std::vector<directory_entry>> list_directory(std::string path);

/// Awaited, gives the paths that match the pattern, sorted; none is no error. As the shell has it:
/// `*` and `?`, of no leading '.', `[a-z]` and `[!a-z]`, in any part of the path; `\` takes the
/// meaning off. What may not be read is passed over.
[[nodiscard]] WEFT_EXPORT task<std::vector<std::string>> glob(std::string pattern);

}  // namespace weft
