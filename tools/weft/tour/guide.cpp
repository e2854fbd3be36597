#include "guide.hpp"

#include <cstdio>
#include <thread>

namespace weft::tour {

guide::guide(audience who, int sleep_divisor) : audience_(who), sleep_divisor_(sleep_divisor) {}

void guide::write(std::string_view text) {
    output_ += text;
    if (audience_ == audience::none) return;
    progress_.clear();
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (line_begins_ && !line.empty()) fmt::print("    ");
        fmt::print("{}", line);
        text.remove_prefix(line.size());
        line_begins_ = text.starts_with('\n');
        if (line_begins_) {
            fmt::print("\n");
            text.remove_prefix(1);
        }
    }
    std::fflush(stdout);
}

std::chrono::milliseconds guide::shortened(std::chrono::milliseconds duration) const {
    return duration / sleep_divisor_;
}

void guide::sleep(std::chrono::milliseconds duration) const {
    std::this_thread::sleep_for(shortened(duration));
}

}  // namespace weft::tour
