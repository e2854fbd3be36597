// weft doctor: what weft finds on this machine.

#include "command.hpp"
#include "command_line.hpp"
#include "doctor_findings.hpp"
#include "terminal.hpp"

#include "weft/base/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

namespace weft::tool {
namespace {

std::vector<finding> examine() {
    return {look_at_build(),      look_at_sanitizers(), look_at_frame_pool(), look_at_kernel(),
            look_at_cores(),      look_at_page_size(),  look_at_vectors(),    look_at_inotify(),
            look_at_open_files(), look_at_mappings(),   look_at_stacks(),     look_at_driver(),
            look_at_io_uring()};
}

std::string_view name_of(severity how) {
    switch (how) {
        case severity::ok: return "ok";
        case severity::note: return "note";
        case severity::problem: return "problem";
    }
    return "";
}

style style_of(severity how) {
    switch (how) {
        case severity::ok: return style::green;
        case severity::note: return style::yellow;
        case severity::problem: return style::red;
    }
    return style::plain;
}

long count(const std::vector<finding>& all, severity how) {
    return std::ranges::count(all, how, &finding::how);
}

void print_json(const std::vector<finding>& all) {
    auto findings = nlohmann::ordered_json::array();
    for (const finding& one : all) {
        nlohmann::ordered_json row{
            {"name", one.name}, {"status", name_of(one.how)}, {"value", one.text}};
        if (!one.remedy.empty()) row["remedy"] = one.remedy;
        findings.push_back(std::move(row));
    }
    const nlohmann::ordered_json report{{"version", version}, {"findings", std::move(findings)}};
    fmt::print("{}\n", report.dump(2));
}

void print_table(const std::vector<finding>& all) {
    const painter paint(stdout);
    for (const finding& one : all) {
        fmt::print("{}  {}  {}\n", paint(style_of(one.how), fmt::format("{:<7}", name_of(one.how))),
                   paint(style::bold, fmt::format("{:<11}", one.name)), one.text);
        if (!one.remedy.empty()) fmt::print("{:22}{}\n", "", paint(style::dim, "-> " + one.remedy));
    }
    const auto plural = [](long number, std::string_view word) {
        return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
    };
    fmt::print("\n{} ok, {}, {}\n", count(all, severity::ok),
               plural(count(all, severity::note), "note"),
               plural(count(all, severity::problem), "problem"));
}

}  // namespace

void add_doctor(CLI::App& app, action& chosen) {
    auto json = std::make_shared<bool>(false);
    CLI::App* const command = app.add_subcommand(
        "doctor", "Look at this build and this system.\n"
                  "Says what weft finds here of what it uses, and what to do where something is "
                  "missing.");
    command->add_flag("--json", *json, "For machines: one object with an array, findings");
    command->footer("Example:\n"
                    "  weft doctor           a line for each thing: ok, note or problem\n"
                    "  weft doctor --json\n\n"
                    "Exit status: 0, or 1 when there is a problem.");
    command->callback([json, &chosen] {
        chosen = [json] {
            const auto all = examine();
            *json ? print_json(all) : print_table(all);
            return count(all, severity::problem) == 0 ? exit_success : exit_failure;
        };
    });
}

}  // namespace weft::tool
