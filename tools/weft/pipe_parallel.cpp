#include "pipe_parallel.hpp"

#include "weft/file/count_lines.hpp"
#include "weft/pipeline/parallel_map.hpp"

#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace weft::tool {
namespace {

constexpr std::uint64_t part_bytes = std::uint64_t{4} << 20;

/// A worker has its own, and so its own counts.
class worker_search {
public:
    worker_search(const selector& selected, bool counts_lines)
        : selected_(selected), counts_lines_(counts_lines) {}

    found_lines operator()(text_part part) {
        found_lines found;
        text_part_reader reader(std::move(part), pipe_line_bytes_max);
        for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
            search(block, found);
        return counted(std::move(found));
    }
    found_lines operator()(std::string block) {
        found_lines found;
        const std::size_t bytes = block.size();
        block.resize(bytes + line_buffer::padding);
        search(std::string_view(block).substr(0, bytes), found);
        return counted(std::move(found));
    }

private:
    void search(std::string_view block, found_lines& found) {
        if (counts_lines_) found.lines += count_lines(block);
        found.bytes += block.size();
        for (std::string_view line : selected_.pick(block)) {
            found.text += line;
            found.text += '\n';
        }
    }
    found_lines counted(found_lines found) {
        found.passed = selected_.passed();
        for (const auto& tally : selected_.tallies()) found.tallies.push_back(tally.lines);
        selected_.forget_counts();
        return found;
    }

    selector selected_;
    bool counts_lines_;
};

template <class Source>
void search_all(Source source, const selector& selected, bool counts_lines, pipe_workers workers,
                const parallel_search::taker& take) {
    auto stage = parallel_map(workers.count, worker_search(selected, counts_lines));
    const auto take_all = [&take](auto results) {
        for (const found_lines& found : results)
            if (!take(found)) return;
    };
    if (workers.processes)
        take_all(std::move(source) | std::move(stage).in_processes());
    else
        take_all(std::move(source) | std::move(stage));
}

}  // namespace

bool parallel_search::is_for(const std::string& path) const {
    struct stat facts{};
    return workers_.count > 1 && ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
           static_cast<std::uint64_t>(facts.st_size) > part_bytes;
}

void parallel_search::file(const std::string& path, const taker& take) const {
    search_all(text_parts(path, part_bytes), selected_, counts_lines_, workers_, take);
}

void parallel_search::blocks(generator<std::string> source, const taker& take) const {
    search_all(std::move(source), selected_, counts_lines_, workers_, take);
}

}  // namespace weft::tool
