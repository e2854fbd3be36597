// Files: read and written while the loop goes on, watched, replaced at once.

#include <weft/file/file.hpp>
#include <weft/file/list_directory.hpp>
#include <weft/file/standard_streams.hpp>
#include <weft/file/watch.hpp>
#include <weft/file/whole_file.hpp>
#include <weft/weft.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

weft::task<> write_log(std::string path) {
    auto log = co_await weft::file::open(path, weft::open_mode().append().create());
    for (int n = 1; n <= 3; ++n) co_await log.write_all("line " + std::to_string(n) + '\n');
    co_await log.sync_data();  // it is on the disk
}

/// What a log holds, and then what comes to it. Standard output, too, is a stream.
weft::task<> follow(std::string path) {
    const auto out = weft::standard_output();
    const auto log = co_await weft::file::open(path);
    weft::watch watch(path);
    weft::buffered_reader lines(log);
    for (;;) {
        while (auto line = co_await lines.read_line()) {
            if (*line == "end") co_return;
            co_await out.write_all("followed: " + *line + '\n');
        }
        static_cast<void>(co_await watch.next());
    }
}

weft::task<> use_files(std::string folder) {
    const auto out = weft::standard_output();
    const std::string log = folder + "/a.log";
    co_await write_log(log);
    auto follows = weft::spawn(follow(log));
    co_await weft::yield_now();
    co_await write_log(log);
    auto more = co_await weft::file::open(log, weft::open_mode().append());
    co_await more.write_all("end\n");
    co_await follows;

    // Nobody ever sees a half of it.
    co_await weft::write_file(folder + "/state", "42\n", weft::write_options().atomic());
    const std::string state = co_await weft::read_file(folder + "/state");
    co_await out.write_all("state: " + state);

    for (const auto& entry : co_await weft::list_directory(folder))
        co_await out.write_all(entry.name + '\n');
    const auto logs = co_await weft::glob(folder + "/*.log");
    co_await out.write_all(std::to_string(logs.size()) + " log\n");
}

int main() {
    std::string folder = (std::filesystem::temp_directory_path() / "weft-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    weft::run(use_files(folder));
    std::filesystem::remove_all(folder);
}
