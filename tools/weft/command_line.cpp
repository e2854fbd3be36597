#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace weft::tool {
namespace {

/// CLI11's layout with the footer, which holds the examples, as it was written.
class help_page : public CLI::Formatter {
public:
    std::string make_usage(const CLI::App* app, std::string name) const override {
        const bool has_commands = !app->get_subcommands({}).empty();
        std::string usage = "Usage: " + (name.empty() ? app->get_name() : name);
        if (has_commands) return usage + " COMMAND [OPTIONS]\n";
        for (const CLI::Option* option : app->get_options())
            if (option->get_positional()) usage += " " + make_option_usage(option);
        return usage + " [OPTIONS]\n";
    }
    std::string make_description(const CLI::App* app) const override {
        return app->get_description() + "\n\n";
    }
    std::string make_footer(const CLI::App* app) const override {
        const std::string footer = app->get_footer();
        return footer.empty() ? std::string{} : footer + "\n";
    }
    std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode) const override {
        std::string text = "\nCommands:\n";
        bool any = false;
        for (const CLI::App* command : app->get_subcommands({})) {
            text += fmt::format("  {:<{}}{}\n", command->get_name(), get_column_width() - 2,
                                first_sentence(command->get_description()));
            any = true;
        }
        return any ? text : std::string{};
    }

    /// What it takes, without the rules for it: those are told to who breaks them.
    std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_type_size() == 0) return {};
        const std::string type = option->get_type_name();
        std::string text = option->get_positional() ? "" : " " + type.substr(0, type.find(':'));
        if (option->get_expected_max() > 1) text += " ...";
        return text;
    }

private:
    /// For the list of commands: the first sentence, or its beginning.
    static std::string first_sentence(const std::string& text) {
        constexpr std::size_t columns_max = 70;
        std::string sentence = text.substr(0, text.find_first_of(".\n"));
        if (sentence.size() <= columns_max) return sentence;
        return sentence.substr(0, sentence.rfind(',', columns_max));
    }
};

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

}  // namespace

void dress(CLI::App& app) {
    app.name("weft");
    auto page = std::make_shared<help_page>();
    page->column_width(26);
    app.formatter(page);
}

std::size_t edits_between(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

std::string unknown_command(const CLI::App& app, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    const std::string word = argv[1];
    const auto names = command_names(app);
    if (std::ranges::find(names, word) != names.end()) return {};
    if (const std::string hint = nearest(word, names); !hint.empty())
        return fmt::format("weft: there is no command '{}': did you mean '{}'?\n", word, hint);
    return fmt::format("weft: there is no command '{}': it is one of {}\n", word,
                       fmt::join(names, ", "));
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
    const auto commands = app.get_subcommands();
    const std::string who = commands.empty() ? "weft" : "weft " + commands.front()->get_name();
    return fmt::format("{}: {}\n{} --help says what can be given.\n", who, error.what(), who);
}

}  // namespace weft::tool
