// weft pipe: lines of files, of standard input or of a growing log, searched, counted and handed
// on; elements of XML documents.

#include "command.hpp"
#include "command_line.hpp"
#include "pipe_run.hpp"
#include "pipe_xml.hpp"

#include "weft/base/error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>

namespace weft::tool {
namespace {

constexpr const char* description =
    "Search lines, in files, in standard input or in a growing log, and write those that match.\n"
    "\n"
    "Several patterns: a line that matches any of them is written, once, in its place.";

constexpr const char* footer =
    "With --count the counts are shown while it runs: on a terminal in one line on standard "
    "error,\n"
    "else on standard error each time a followed file has been read to its end. A table comes "
    "last:\n"
    "the lines that hold each pattern, those that matched, all that were read, and how fast.\n"
    "\n"
    "--follow goes on when the file is truncated, rotated, deleted or not there yet. Ctrl-C "
    "(SIGINT)\n"
    "or SIGTERM ends it: what was read is written, the counts are printed, the exit status is 0.\n"
    "When the reader of standard output goes away, --tee still gets everything.\n"
    "\n"
    "--threads and --processes share the reading and searching of files of more than 4 MB, and of\n"
    "standard input while it comes faster than it is searched. The output is that of one thread.\n"
    "\n"
    "--split-by 1 takes the first field of a line for its key, as awk counts fields;\n"
    "--split-by 'user=([a-z]+)' what the group matches, or the whole without a group. With "
    "--count\n"
    "a table of the keys follows; with {} in --tee OUT each key has a file, its lines in order,\n"
    "written by one worker. What has no key goes to 'none'.\n"
    "\n"
    "--xml writes one line for each element: its fields, key=value, with a tab between two; \\t, "
    "\\n,\n"
    "\\r and \\\\ stand for those characters. An element inside is a field; one deeper is named "
    "by\n"
    "the way to it, position/latitude; an attribute is @name; text of its own is '.'.\n"
    "\n"
    "Examples:\n"
    "  weft pipe access.log --grep python\n"
    "  weft pipe *.log --grep error --ignore-case --exclude test --count\n"
    "  zcat log.gz | weft pipe --regex ' 5[0-9][0-9] ' --tee errors.txt\n"
    "  weft pipe --follow /var/log/app.log --grep python --grep ply --count --tee found.txt\n"
    "  weft pipe access.log --grep python --quiet --count\n"
    "  weft pipe access.log --threads 4 --split-by 1 --tee 'by-host/{}.log' --quiet\n"
    "  weft pipe buses.xml --xml bus --where route=22 --where 'direction=North Bound'\n"
    "\n"
    "Exit status: 0 success, whether or not a line matched; 1 something could not be read or\n"
    "written; 2 wrong usage.";

std::string usage_fault(const pipe_request& request) {
    if (!request.follow.empty() && !request.files.empty())
        return "--follow reads its file alone: leave " + request.files.front() + " out";
    if (request.follow == "-")
        return "--follow needs the path of a file; standard input is read without it";
    if (request.from_start && request.follow.empty())
        return "--from-start belongs to --follow: files are read from the start anyway";
    if (request.append && request.tee.empty()) return "--append belongs to --tee OUT";
    if (request.all && request.grep.empty() && request.regex.empty())
        return "--all needs patterns: --grep TEXT or --regex EXPRESSION";
    if (request.processes != 0 && request.threads != 1)
        return "--threads and --processes are two ways of one thing: give one of them";
    if (!request.split_by.empty() && !request.count && !request.has_files_by_key())
        return "--split-by needs --count, or --tee with {} in the name: a file for each key";
    return xml_usage_fault(request);
}

selector make_selector(const pipe_request& request) {
    selector selected(request.all ? selector::rule::all : selector::rule::any);
    const auto prepared = [&](grep_stage stage) {
        if (request.ignore_case) stage.ignore_case();
        return stage;
    };
    for (const std::string& text : request.grep) selected.add(prepared(grep(text)), text);
    for (const std::string& text : request.regex)
        selected.add(prepared(grep(regex(text))), "/" + text + "/");
    for (const std::string& text : request.exclude) selected.exclude(prepared(grep(text)));
    return selected;
}

int run(pipe_request request) {
    if (const std::string fault = usage_fault(request); !fault.empty()) {
        fmt::print(stderr, "weft pipe: {}\nweft pipe --help says what can be given.\n", fault);
        return exit_usage;
    }
    if (request.files.empty() && request.follow.empty()) request.files.emplace_back("-");
    try {
        return run_pipe(request, make_selector(request));
    } catch (const usage_error& error) {
        fmt::print(stderr, "weft pipe: {}\n", error.what());
        return exit_usage;
    }
}

}  // namespace

void add_pipe(CLI::App& app, action& chosen) {
    CLI::App* const command = app.add_subcommand("pipe", description);
    const auto request = std::make_shared<pipe_request>();
    // One value an option: what follows it is a file again.
    const auto many = [&](const char* name, std::vector<std::string>& values, const char* help,
                          const char* what) {
        command->add_option(name, values, help)->type_name(what)->allow_extra_args(false);
    };
    command->add_option("FILE", request->files, "What to read; '-' or none is standard input")
        ->type_name("");
    many("-g,--grep", request->grep, "Lines with this text; may be repeated", "TEXT");
    many("-E,--regex", request->regex, "Lines with this, as in grep -E; may be repeated",
         "EXPRESSION");
    many("-x,--exclude", request->exclude, "But not lines with this text; may be repeated", "TEXT");
    command->add_flag("-a,--all", request->all, "Only lines that match every pattern");
    command->add_flag("-i,--ignore-case", request->ignore_case, "Take A for a in all patterns");
    command->add_option("-f,--follow", request->follow, "Wait for lines appended to this file")
        ->type_name("FILE");
    command->add_flag("--from-start", request->from_start,
                      "With --follow: also what is in it already");
    command->add_flag("-c,--count", request->count, "Show counts, for each pattern too");
    command->add_flag("-q,--quiet", request->quiet, "Write no lines to standard output");
    command->add_option("-t,--tee", request->tee, "Also write the lines to this file")
        ->type_name("OUT");
    command->add_flag("--append", request->append, "With --tee: keep what is in OUT");
    command->add_option("-j,--threads", request->threads, "Search with that many threads")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
    command->add_option("--processes", request->processes, "The same with that many processes")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
    command
        ->add_option("--split-by", request->split_by,
                     "Lines by the field with this number, or by what this expression matches")
        ->type_name("KEY");
    command->add_option("--xml", request->xml, "Not lines: the elements of that name in XML")
        ->type_name("ELEMENT");
    many("-w,--where", request->where, "With --xml: only those with that field; may be repeated",
         "KEY=VALUE");
    command->add_flag("--json", request->json, "With --xml: an object of JSON a line");
    command->footer(footer);
    command->callback([&chosen, request] { chosen = [request] { return run(*request); }; });
}

}  // namespace weft::tool
