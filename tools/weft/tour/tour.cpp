// weft tour: runs the programs, shows or checks what they print.

#include "command.hpp"
#include "command_line.hpp"
#include "compare.hpp"
#include "program.hpp"
#include "select.hpp"
#include "terminal.hpp"

#include "weft/base/unhandled.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace weft::tour {
namespace {

using tool::style;
using clock = std::chrono::steady_clock;

struct request {
    std::vector<std::string> ids;
    bool check = false;
    bool list = false;
};

/// What came of one program: nothing to complain of, or why it failed.
struct outcome {
    std::string complaint;
    std::chrono::milliseconds took{};
    [[nodiscard]] bool passed() const { return complaint.empty(); }
};

outcome play(const program& one, guide& show) {
    outcome result;
    const auto start = clock::now();
    try {
        one.run(show);
        result.complaint = difference(one.expected, show.output());
    } catch (...) {
        result.complaint =
            fmt::format("it threw: {}\n", describe_exception(std::current_exception()));
    }
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
    for (const auto& [holds, text] : show.statements())
        if (!holds) result.complaint += fmt::format("does not hold: {}\n", text);
    return result;
}

std::string indented(std::string_view text, std::string_view by) {
    std::string all;
    while (!text.empty()) {
        const auto end = text.find('\n');
        all += fmt::format("{}{}\n", by, text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return all;
}

int list(const programs& all) {
    const tool::painter paint(stdout);
    for (const program& one : all)
        fmt::print("{}  {}\n", paint(style::bold, fmt::format("{:<5}", one.id)), one.title);
    if (const std::string rest = still_to_come(all_programs()); !rest.empty())
        fmt::print("\n{}\n", paint(style::dim, "Still to come: " + rest));
    return tool::exit_success;
}

/// One line a program.
int check(const programs& chosen) {
    const tool::painter paint(stdout);
    int failed = 0;
    for (const program& one : chosen) {
        tool::progress_line progress;
        progress.show(fmt::format("     {:<5} {} …", one.id, one.title));
        guide show(guide::audience::none, 10);
        const outcome result = play(one, show);
        progress.clear();
        const std::string mark =
            result.passed() ? paint(style::green, "ok  ") : paint(style::red, "FAIL");
        fmt::print("{} {:<5} {:<64} {:>6} ms\n", mark, one.id, one.title, result.took.count());
        if (!result.passed()) {
            ++failed;
            fmt::print("{}", indented(result.complaint, "     "));
        }
        std::fflush(stdout);
    }
    const auto passed = static_cast<int>(chosen.size()) - failed;
    fmt::print("{}\n", paint(failed == 0 ? style::green : style::red,
                             fmt::format("{} passed, {} failed", passed, failed)));
    return failed == 0 ? tool::exit_success : tool::exit_failure;
}

/// Everything that the programs print, as it comes.
int perform(const programs& chosen) {
    const tool::painter paint(stdout);
    const bool alone = chosen.size() == 1;
    if (!alone)
        fmt::print("{}\n\n", paint(style::dim, "Sleeps last a tenth of what the articles have; a "
                                               "program that runs alone keeps them."));
    const auto start = clock::now();
    std::string failures;
    for (const program& one : chosen) {
        fmt::print("{}  {}\n", paint(style::bold, one.id), paint(style::bold, one.title));
        fmt::print("{}\n\n", paint(style::dim, one.shows));
        guide show(guide::audience::watching, alone ? 1 : 10);
        const outcome result = play(one, show);
        for (const auto& [holds, text] : show.statements())
            fmt::print("  {} {}\n", holds ? paint(style::green, "✓") : paint(style::red, "✗"),
                       paint(style::dim, text));
        if (!result.passed()) {
            failures += fmt::format("{}{}", failures.empty() ? "" : ", ", one.id);
            fmt::print("  {}\n{}", paint(style::red, "not as it must be:"),
                       indented(result.complaint, "    "));
        }
        fmt::print("\n");
    }
    const std::chrono::duration<double> took = clock::now() - start;
    const std::string count = alone ? "1 program" : fmt::format("{} programs", chosen.size());
    if (failures.empty()) {
        fmt::print("{}\n", paint(style::green, fmt::format("{}, all as expected, in {:.1f} s",
                                                           count, took.count())));
        return tool::exit_success;
    }
    fmt::print("{}\n", paint(style::red, fmt::format("{}; not as expected: {}", count, failures)));
    return tool::exit_failure;
}

int run(const request& asked) {
    programs chosen;
    try {
        chosen = select(all_programs(), asked.ids);
    } catch (const unknown_id& error) {
        fmt::print(stderr, "weft tour: {}\n", error.what());
        return tool::exit_usage;
    }
    if (asked.list) return list(chosen);
    return asked.check ? check(chosen) : perform(chosen);
}

}  // namespace
}  // namespace weft::tour

namespace weft::tool {

void add_tour(CLI::App& app, action& chosen) {
    auto asked = std::make_shared<tour::request>();
    CLI::App* const command = app.add_subcommand(
        "tour", "Run the programs that weft was made for.\n"
                "Each prints what it does; all of it is compared with what it must print.");
    command->add_option("ID", asked->ids,
                        "What to run: a program (0.2) or a section (0, 000, B); all when left out");
    command->add_flag("--check", asked->check, "One line a program: ok or what is wrong");
    command->add_flag("--list", asked->list, "Name the programs and run none");
    command->footer("Example:\n"
                    "  weft tour 0.2 B.4     two programs and what they print\n"
                    "  weft tour 004         a section\n"
                    "  weft tour --check     all of them; exit status 1 when one fails");
    command->callback([asked, &chosen] { chosen = [asked] { return tour::run(*asked); }; });
}

}  // namespace weft::tool
