#include "weft/pipeline/text_parts.hpp"

#include "weft/file/count_lines.hpp"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

class text_parts : public ::testing::Test {
protected:
    ~text_parts() override { std::remove(path_.c_str()); }
    void write(const std::string& text) const { std::ofstream(path_) << text; }
    /// The text of each part.
    [[nodiscard]] std::vector<std::string> parts(std::uint64_t bytes) const {
        std::vector<std::string> all;
        for (weft::text_part part : weft::text_parts(path_, bytes)) {
            weft::text_part_reader reader(std::move(part));
            std::string& text = all.emplace_back();
            for (std::string_view block = reader.next(); !block.empty(); block = reader.next())
                text += block;
            EXPECT_EQ(reader.bytes(), text.size());
        }
        return all;
    }
    void expect_whole_lines(const std::string& text, std::uint64_t bytes) const {
        SCOPED_TRACE(std::to_string(bytes) + " bytes a part, of " + std::to_string(text.size()));
        write(text);
        std::string together;
        for (const std::string& part : parts(bytes)) {
            EXPECT_TRUE(together.empty() || part.empty() || together.back() == '\n');
            together += part;
        }
        EXPECT_TRUE(together == text);
    }

    const std::string path_ =
        ::testing::TempDir() + "weft_text_parts_" + std::to_string(::getpid());
};

TEST_F(text_parts, hold_every_line_once_and_whole) {
    for (const std::string text :
         {"", "\n", "a", "a\n", "\n\n\n", "one\ntwo\nthree", "one\ntwo\nthree\n",
          "a line that is longer than several parts\nx\n\nanother one that is long\ny"})
        for (std::uint64_t bytes = 1; bytes <= text.size() + 2; ++bytes)
            expect_whole_lines(text, bytes);
}

TEST_F(text_parts, may_be_smaller_than_a_line_and_larger_than_a_block) {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += std::to_string(i) + std::string(i % 40, '.') + '\n';
    text += std::string(700'000, 'l') + '\n' + "end";
    for (const std::uint64_t bytes : {4'096U, 65'536U, 262'144U, 300'001U, 10'000'000U})
        expect_whole_lines(text, bytes);
}

TEST_F(text_parts, the_last_one_has_what_was_appended_meanwhile) {
    write("one\ntwo\n");
    auto all = weft::text_parts(path_, 4);
    static_cast<void>(all.next());
    auto last = all.next();
    weft::text_part part = *last;
    std::ofstream(path_, std::ios::app) << "three\n";
    weft::text_part_reader reader(std::move(part));
    EXPECT_EQ(reader.next(), "two\nthree\n");
    EXPECT_EQ(reader.next(), "");
}

TEST_F(text_parts, of_another_file_are_refused) {
    EXPECT_THROW(static_cast<void>(parts(1)), std::system_error);
    write("one\n");
    weft::text_part part;
    part.path = path_;
    try {
        const weft::text_part_reader reader(part);
        ADD_FAILURE() << "it reads another file";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code().value(), ESTALE);
    }
    EXPECT_THROW(static_cast<void>(weft::text_parts("/").next()), std::system_error);
    write(std::string(100, 'x'));
    for (weft::text_part whole : weft::text_parts(path_)) {
        weft::text_part_reader reader(std::move(whole), 10);
        EXPECT_THROW(while (!reader.next().empty()){}, std::system_error);
    }
}

}  // namespace
