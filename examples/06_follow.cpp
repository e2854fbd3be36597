// tail -F FILE | grep WORD, in a loop of your own. Without arguments it writes a file for itself.
//
//     example_06_follow /var/log/dpkg.log installed

#include <weft/pipeline/follow.hpp>
#include <weft/pipeline/grep.hpp>
#include <weft/pipeline/stages.hpp>
#include <weft/weft.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

void follow_and_grep(weft::follow_source log, std::string word) {
    for (std::string_view line : std::move(log) | weft::grep(std::move(word)))
        std::cout << line << std::endl;
}

int demonstration() {
    const std::string path = std::filesystem::temp_directory_path() / "weft_example_06.log";
    std::ofstream log(path);
    log << "python from before the start\n" << std::flush;

    // on_idle is called when all has been read, before it waits for more: here it plays the writer.
    auto writer = [&log] {
        log << "perl is nice\npython is nice\n" << std::flush;
        log << "python, and that is all\n" << std::flush;
    };
    auto lines = weft::follow(path).on_idle(writer) | weft::grep("python") | weft::take(2);
    for (std::string_view line : lines) std::cout << line << '\n';
    return std::filesystem::remove(path) ? 0 : 1;
}

int main(int argc, char** argv) {
    if (argc != 3) return demonstration();
    try {
        follow_and_grep(weft::follow(argv[1]), argv[2]);
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}
