// Files on a loop. The same on every driver, and in simulated worlds.

#include "weft/file/file.hpp"

#include "weft/base/thrown_test.hpp"
#include "weft/core/cancel_scope.hpp"
#include "weft/core/kinds_test.hpp"
#include "weft/core/scope.hpp"
#include "weft/file/file_test.hpp"
#include "weft/file/list_directory.hpp"
#include "weft/file/whole_file.hpp"
#include "weft/io/offload.hpp"
#include "weft/stream/buffered_reader.hpp"
#include "weft/stream/copy.hpp"
#include "weft/stream/stream_error.hpp"

#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using weft::await;
using weft::file;
using weft::open_mode;
using weft::file_test::folder;
using weft::testing::coroutine_kind;
using weft::testing::get_as;
using weft::testing::in_both_kinds;
using weft::testing::on_real_drivers;
using weft::testing::spawn_as;
using weft::testing::thrown;
using weft::testing::until_it_waits;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::size_t read_some(coroutine_kind kind, const file& f, char* into, std::size_t n) {
    return get_as(kind, [&] { return f.read_some(into, n); });
}
std::size_t read_at(coroutine_kind kind, const file& f, std::uint64_t at, char* into,
                    std::size_t n) {
    return get_as(kind, [&, at] { return f.read_at(at, into, n); });
}

/// The system error that awaiting it fails by.
template <class T>
std::system_error error_of(coroutine_kind kind, weft::task<T> one) {
    try {
        static_cast<void>(get_as(kind, std::move(one)));
    } catch (const std::system_error& e) {
        return e;
    }
    ADD_FAILURE() << "nothing was thrown";
    return std::system_error(std::error_code());
}

/// Out of the page cache: what is read next has to be waited for.
void evict(const std::string& path) {
    const weft::unique_fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ::fsync(opened.get());
    ::posix_fadvise(opened.get(), 0, 0, POSIX_FADV_DONTNEED);
}

TEST(file, reads_and_writes_at_a_position_that_moves) {
    const folder tmp;
    in_both_kinds([&](coroutine_kind kind) {
        file f = get_as(kind, file::open(tmp / "a", open_mode().read().create().truncate()));
        get_as(kind, f.write_all("0123456789"));
        EXPECT_EQ(f.position(), 10u);
        char bytes[8] = {};
        EXPECT_EQ(read_some(kind, f, bytes, 8), 0u) << "the end";
        f.seek(2);
        EXPECT_EQ(read_some(kind, f, bytes, 3), 3u);
        EXPECT_EQ(std::string(bytes, 3), "234");
        EXPECT_EQ(f.position(), 5u);
        EXPECT_EQ(get_as(kind, [&] { return f.write_some("ab"); }), 2u);
        EXPECT_EQ(get_as(kind, [&] { return f.write_at(0, "xy"); }), 2u);
        EXPECT_EQ(read_at(kind, f, 4, bytes, 4), 4u);
        EXPECT_EQ(std::string(bytes, 4), "4ab7");
        EXPECT_EQ(f.position(), 7u);
        EXPECT_EQ(get_as(kind, f.size()), 10u);
        get_as(kind, f.truncate(4));
        get_as(kind, [&] { return f.sync(); });
        get_as(kind, [&] { return f.sync_data(); });
        f.seek(0);
        EXPECT_EQ(get_as(kind, f.read_all()), "xy23");
        get_as(kind, f.close());
        EXPECT_FALSE(f);
    });
}

TEST(file, that_is_not_cached_is_read_too) {
    const folder tmp;
    const std::string path = tmp / "cold";
    weft::file_test::write_file(path, std::string(200'000, 'c').append("end"));
    in_both_kinds([&](coroutine_kind kind) {
        const file f = get_as(kind, file::open(path));
        evict(path);
        EXPECT_EQ(get_as(kind, f.read_exactly(200'000)), std::string(200'000, 'c'));
        evict(path);
        EXPECT_EQ(get_as(kind, f.read_all()), "end");
        // What has no page cache: the kernel makes it up.
        const file made_up = get_as(kind, file::open("/proc/self/status"));
        EXPECT_THAT(get_as(kind, made_up.read_all()), HasSubstr("Umask"));
    });
}

TEST(file, is_left_to_threads_only_where_the_driver_cannot) {
    const folder tmp;
    on_real_drivers([&](const weft::options& how, const std::string& name) {
        weft::run(how, [&] {
            const file f = await(file::open(tmp / "a", open_mode().read().create().truncate()));
            const auto before = weft::offload_statistics().completed;
            await(f.write_all("text"));
            await(f.sync());
            evict(tmp / "a");
            f.seek(0);
            EXPECT_EQ(await(f.read_exactly(4)), "text");
            const auto by_threads = weft::offload_statistics().completed - before;
            EXPECT_EQ(by_threads == 0, name == "io_uring") << name << ": " << by_threads;
        });
    });
}

TEST(file, gives_what_it_has_or_says_what_is_missing) {
    const folder tmp;
    const std::string path = tmp / "short";
    weft::file_test::write_file(path, "abc");
    in_both_kinds([&](coroutine_kind kind) {
        const file f = get_as(kind, file::open(path));
        EXPECT_EQ(get_as(kind, f.read_exactly(2)), "ab");
        EXPECT_THROW(get_as(kind, f.read_exactly(2)), weft::unexpected_end);
        EXPECT_EQ(f.position(), 2u) << "nothing is lost";
        EXPECT_EQ(get_as(kind, f.read_exactly(1)), "c");
        f.seek(0);
        EXPECT_THROW(get_as(kind, f.read_all(2)), weft::limit_exceeded);
    });
}

TEST(file, is_a_byte_stream) {
    const folder tmp;
    weft::file_test::write_file(tmp / "from", "one\ntwo\n");
    in_both_kinds([&](coroutine_kind kind) {
        file from = get_as(kind, file::open(tmp / "from"));
        file to = get_as(kind, file::create(tmp / "to"));
        get_as(kind, weft::copy(from, to));
        const file copied = get_as(kind, file::open(tmp / "to"));
        weft::buffered_reader lines(copied);
        const auto line = [&] { return get_as(kind, [&] { return lines.read_line(); }); };
        EXPECT_EQ(line(), "one");
        EXPECT_EQ(line(), "two");
        EXPECT_EQ(line(), std::nullopt);
    });
}

TEST(file, that_is_appended_to_keeps_what_it_has) {
    const folder tmp;
    in_both_kinds([&](coroutine_kind kind) {
        weft::file_test::write_file(tmp / "log", "1");
        const auto mode = open_mode().append().read();
        const file a = get_as(kind, file::open(tmp / "log", mode));
        const file b = get_as(kind, file::open(tmp / "log", mode));
        get_as(kind, a.write_all("2"));
        get_as(kind, b.write_all("3"));
        get_as(kind, a.write_all("4"));
        EXPECT_EQ(get_as(kind, b.read_all()), "1234");
    });
}

TEST(file, is_opened_as_the_mode_says) {
    const folder tmp;
    ::umask(022);
    in_both_kinds([&](coroutine_kind kind) {
        fs::remove(tmp / "new");
        const auto made = open_mode().write().exclusive().permissions(0640);
        get_as(kind, file::open(tmp / "new", made));
        struct stat what{};
        ::stat((tmp / "new").c_str(), &what);
        EXPECT_EQ(what.st_mode & 07777, 0640u);
        EXPECT_EQ(error_of(kind, file::open(tmp / "new", made)).code(), std::errc::file_exists);
        const file read_only = get_as(kind, file::open(tmp / "new"));
        EXPECT_EQ(error_of(kind, read_only.write_all("x")).code(), std::errc::bad_file_descriptor);
    });
}

TEST(file, names_its_path_in_errors) {
    const folder tmp;
    in_both_kinds([&](coroutine_kind kind) {
        const auto missing = error_of(kind, file::open(tmp / "missing"));
        EXPECT_EQ(missing.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(missing.what(), HasSubstr("opening '" + (tmp / "missing") + "'"));
        const auto directory = error_of(kind, file::open(tmp.path()));
        EXPECT_EQ(directory.code(), std::errc::is_a_directory);
        EXPECT_THAT(directory.what(), HasSubstr(tmp.path()));
        const file full = get_as(kind, file::open("/dev/full", open_mode().write()));
        try {
            get_as(kind, full.write_all("text"));
            ADD_FAILURE() << "/dev/full took it";
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_space_on_device);
            EXPECT_EQ(e.written(), 0u);
            EXPECT_THAT(e.what(), HasSubstr("writing '/dev/full'"));
        }
    });
}

// The largest file that this process may write: a full disk, after a part of it.
TEST(file, tells_how_much_a_full_disk_took) {
    const folder tmp;
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 100'000;
    ::setrlimit(RLIMIT_FSIZE, &small);
    in_both_kinds([&](coroutine_kind kind) {
        const file f = get_as(kind, file::create(tmp / "full"));
        try {
            const std::string much(150'000, 'x');
            get_as(kind, f.write_all(much));
            ADD_FAILURE() << "all of it was written";
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code(), std::errc::file_too_large);
            EXPECT_EQ(e.written(), 100'000u);
        }
        EXPECT_EQ(f.position(), 100'000u);
    });
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, ignored);
}

TEST(file, is_read_by_many_at_once) {
    const folder tmp;
    const std::string path = tmp / "many";
    std::string text(std::size_t{1} << 20, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i / 4096 % 26);
    weft::file_test::write_file(path, text);
    in_both_kinds([&](coroutine_kind kind) {
        file f = get_as(kind, file::open(path));
        evict(path);
        std::string got(text.size(), '\0');
        std::vector<weft::join_handle<std::size_t>> readers;
        for (std::size_t at = 0; at < text.size(); at += 4096)
            readers.push_back(
                spawn_as(kind, [&f, &got, at] { return f.read_at(at, got.data() + at, 4096); }));
        for (auto& one : readers) until_it_waits(one);
        const file moved = std::move(f);
        std::size_t sum = 0;
        for (auto& one : readers) sum += await(one);
        EXPECT_EQ(sum, text.size());
        EXPECT_EQ(got, text);
    });
}

TEST(file, loses_nothing_when_a_read_is_cancelled) {
    const folder tmp;
    const std::string path = tmp / "cancelled";
    weft::file_test::write_file(path, std::string(8192, 'x'));
    in_both_kinds([&](coroutine_kind kind) {
        const file f = get_as(kind, file::open(path));
        char bytes[100];
        for (int i = 0; i < 10; ++i) {
            evict(path);
            const std::uint64_t before = f.position();
            auto reads = spawn_as(kind, [&] { return f.read_some(bytes, sizeof bytes); });
            if (i % 2 == 0) until_it_waits(reads);
            reads.cancel();
            await(reads.join());
            EXPECT_EQ(f.position() - before, reads.successful() ? reads.value() : 0u);
        }
    });
}

TEST(file, refuses_what_makes_no_sense) {
    const folder tmp;
    weft::file_test::write_file(tmp / "a", "a");
    in_both_kinds([&](coroutine_kind kind) {
        file f = get_as(kind, file::open(tmp / "a"));
        char byte = 0;
        auto reading = spawn_as(kind, [&] {
            evict(tmp / "a");
            return f.read_some(&byte, 1);
        });
        until_it_waits(reading);
        if (!reading.ready()) {
            EXPECT_THAT(thrown<weft::usage_error>([&] { await(f.close()); }),
                        HasSubstr("is being read or written"));
        }
        await(reading);
        try {
            static_cast<void>(read_at(kind, f, UINT64_MAX, &byte, 1));
            ADD_FAILURE() << "it was read";
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::invalid_argument);
        }
        await(f.close());
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(f.read_some(&byte, 1)); }),
                    HasSubstr("closed or moved away"));
    });
}

// What has no offsets is waited for.
TEST(file, may_be_a_pipe_with_a_name) {
    const folder tmp;
    ASSERT_EQ(::mkfifo((tmp / "pipe").c_str(), 0600), 0);
    on_real_drivers([&](const weft::options& how, const char* name) {
        SCOPED_TRACE(name);
        weft::run(how, [&] {
            EXPECT_EQ(error_of(coroutine_kind::task, file::open(tmp / "pipe", open_mode().write()))
                          .code(),
                      std::errc::no_such_device_or_address)
                << "nobody reads it";
            const file reader = await(file::open(tmp / "pipe"));
            const file writer = await(file::open(tmp / "pipe", open_mode().write()));
            for (const coroutine_kind kind : {coroutine_kind::task, coroutine_kind::fiber}) {
                char bytes[16];
                auto reads = spawn_as(kind, [&] { return reader.read_some(bytes, sizeof bytes); });
                until_it_waits(reads);
                await(writer.write_all("hello"));
                EXPECT_EQ(await(reads), 5u);
                auto cancelled = spawn_as(kind, [&] { return reader.read_some(bytes, 1); });
                until_it_waits(cancelled);
                cancelled.cancel();
                await(cancelled.join());
                EXPECT_TRUE(cancelled.was_cancelled());
            }
            EXPECT_THAT(thrown<weft::usage_error>([&] { reader.seek(0); }),
                        HasSubstr("it is a stream"));
            try {
                await(writer.write_at(0, "x"));
                ADD_FAILURE() << "it has offsets";
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::invalid_seek);
            }
        });
    });
}

TEST(file, destroyed_while_somebody_reads_ends_the_program) {
    const folder tmp;
    ASSERT_EQ(::mkfifo((tmp / "pipe").c_str(), 0600), 0);
    EXPECT_DEATH(weft::run([&] {
                     auto reader = std::make_unique<file>(await(file::open(tmp / "pipe")));
                     const file writer = await(file::open(tmp / "pipe", open_mode().write()));
                     char byte = 0;
                     auto reads = weft::spawn([&] { await(reader->read_some(&byte, 1)); });
                     until_it_waits(reads);
                     reader.reset();
                 }),
                 "destroyed while somebody reads");
}

TEST(whole_files, are_read_and_written) {
    const folder tmp;
    in_both_kinds([&](coroutine_kind kind) {
        const std::string path = tmp / "whole";
        get_as(kind, weft::write_file(path, "first, longer"));
        get_as(kind, weft::write_file(path, "second"));
        EXPECT_EQ(get_as(kind, weft::read_file(path)), "second");
        EXPECT_THROW(get_as(kind, weft::read_file(path, 3)), weft::limit_exceeded);
        EXPECT_THAT(error_of(kind, weft::read_file(path + "?")).what(), HasSubstr(path + "?"));
    });
}

TEST(whole_files, are_replaced_at_once_or_not_at_all) {
    const folder tmp;
    const auto atomic = weft::write_options().atomic().permissions(0604);
    in_both_kinds([&](coroutine_kind kind) {
        const std::string path = tmp / "whole";
        fs::remove(path);
        fs::remove(tmp / "link");
        const auto mode_of = [&] {
            struct stat what{};
            return ::stat(path.c_str(), &what) == 0 ? what.st_mode & 07777 : 0;
        };
        get_as(kind, weft::write_file(path, "new", atomic));
        EXPECT_EQ(mode_of(), 0604u);
        ::chmod(path.c_str(), 0600);
        fs::create_symlink("whole", tmp / "link");
        get_as(kind, weft::write_file(tmp / "link", "newer", atomic));
        EXPECT_TRUE(fs::is_symlink(tmp / "link"));
        EXPECT_EQ(get_as(kind, weft::read_file(path)), "newer");
        EXPECT_EQ(mode_of(), 0600u) << "it keeps its permissions";
        for (int turns = 0; turns < 5; ++turns) {
            auto writes = spawn_as(kind, [&] { return weft::write_file(path, "newest", atomic); });
            for (int i = 0; i < turns; ++i) await(weft::yield_now());
            writes.cancel();
            await(writes.join());
            EXPECT_THAT(await(weft::read_file(path)), ::testing::AnyOf("newer", "newest"));
        }
        EXPECT_THAT(error_of(kind, weft::write_file(path + "/x", "", atomic)).what(),
                    HasSubstr("replacing '" + path + "/x'"));
        EXPECT_EQ(get_as(kind, weft::list_directory(tmp.path())).size(), 2u)
            << "nothing else is left";
    });
}

TEST(list_directory, gives_names_and_what_they_are) {
    const folder tmp;
    fs::create_directory(tmp / "folder");
    weft::file_test::write_file(tmp / "b.txt", "");
    weft::file_test::write_file(tmp / "a.txt", "");
    weft::file_test::write_file(tmp / ".hidden", "");
    fs::create_symlink("b.txt", tmp / "link");
    in_both_kinds([&](coroutine_kind kind) {
        const auto all = get_as(kind, weft::list_directory(tmp.path()));
        using weft::directory_entry;
        EXPECT_THAT(all, ElementsAre(directory_entry(".hidden", weft::file_type::regular),
                                     directory_entry("a.txt", weft::file_type::regular),
                                     directory_entry("b.txt", weft::file_type::regular),
                                     directory_entry("folder", weft::file_type::directory),
                                     directory_entry("link", weft::file_type::symlink)));
        EXPECT_TRUE(all[3].is_directory());
        EXPECT_THAT(error_of(kind, weft::list_directory(tmp / "none")).what(),
                    HasSubstr("listing '"));
        const std::string here = tmp.path() + "/";
        EXPECT_THAT(get_as(kind, weft::glob(here + "[ab]*.tx?")),
                    ElementsAre(here + "a.txt", here + "b.txt"));
        EXPECT_THAT(get_as(kind, weft::glob(here + "*.cpp")), ElementsAre());
    });
}

}  // namespace
