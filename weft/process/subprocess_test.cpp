// What a process gets, and what comes of it.

#include "weft/process/subprocess.hpp"

#include "weft/base/descriptor_limit_test.hpp"
#include "weft/process/process_test.hpp"
#include "weft/stream/buffered_reader.hpp"
#include "weft/stream/copy.hpp"
#include "weft/stream/memory_pipe.hpp"
#include "weft/testing/simulation.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using weft::await;
using weft::check_output;
using weft::command;
using weft::exit_status;
using weft::process_failed;
using weft::stdio;
using weft::subprocess;
using weft::testing::all_of;
using weft::testing::coroutine_kind;
using weft::testing::emfile_of;
using weft::testing::ended;
using weft::testing::get_as;
using weft::testing::shell;
using weft::testing::start_error;
using weft::testing::thrown;
using weft::testing::with_processes;

exit_status status_of(coroutine_kind kind, const command& what) {
    return ended(kind, subprocess::start(what));
}

/// More than two pipes hold.
const std::string& much() {
    static const std::string bytes(std::size_t{1} << 20, 'm');
    return bytes;
}

TEST(subprocess, tells_how_it_ended) {
    with_processes([](coroutine_kind kind) {
        EXPECT_TRUE(status_of(kind, command("true")).success());
        const auto three = status_of(kind, shell("exit 3"));
        EXPECT_EQ(three, exit_status::exited(3));
        EXPECT_FALSE(three.success());
        EXPECT_EQ(three.text(), "exited with 3");
        const auto killed = status_of(kind, shell("kill -TERM $$"));
        EXPECT_EQ(killed.signal(), SIGTERM);
        EXPECT_EQ(killed.code(), -1);
        EXPECT_EQ(killed.text(), "killed by SIGTERM");
    });
    EXPECT_EQ(exit_status().text(), "ended, its status is lost");
    EXPECT_EQ(exit_status::killed(SIGSEGV, true).text(), "killed by SIGSEGV (core dumped)");
    EXPECT_EQ(exit_status::killed(SIGRTMIN).text(), "killed by signal " + std::to_string(SIGRTMIN));
}

TEST(subprocess, talks_through_its_streams) {
    with_processes([](coroutine_kind kind) {
        auto sort = subprocess::start(command("sort").input(stdio::pipe()).output(stdio::pipe()));
        get_as(kind, sort.input().write_all("pear\napple\n"));
        sort.input().close();
        weft::buffered_reader lines(sort.output());
        const auto line = [&] { return get_as(kind, [&] { return lines.read_line(); }); };
        EXPECT_EQ(line(), "apple");
        EXPECT_EQ(line(), "pear");
        EXPECT_EQ(line(), std::nullopt);
        EXPECT_TRUE(await(sort.wait()).success());
    });
}

TEST(subprocess, is_copied_to_and_from) {
    with_processes([](coroutine_kind kind) {
        auto cat = subprocess::start(command("cat").input(stdio::pipe()).output(stdio::pipe()));
        auto from = subprocess::start(shell("printf abc; printf def").output(stdio::pipe()));
        get_as(kind, weft::copy(from.output(), cat.input()));
        cat.input().close();
        EXPECT_EQ(all_of(cat.output()), "abcdef");
    });
}

TEST(subprocess, communicates_more_than_pipes_hold) {
    with_processes([](coroutine_kind kind) {
        auto tee = subprocess::start(shell("tee /dev/stderr; exit 4")
                                         .input(stdio::pipe())
                                         .output(stdio::pipe())
                                         .errors(stdio::pipe()));
        const auto all = get_as(kind, tee.communicate(much()));
        EXPECT_EQ(all.output, much());
        EXPECT_EQ(all.errors, much());
        EXPECT_EQ(all.status.code(), 4);
    });
}

TEST(subprocess, may_leave_its_input_unread) {
    with_processes([](coroutine_kind kind) {
        const auto quick = command("true").input(stdio::pipe());
        auto communicates = subprocess::start(quick);
        EXPECT_TRUE(get_as(kind, communicates.communicate(much())).status.success());

        auto closes = subprocess::start(shell("exec <&-; echo closed; exec sleep 1000")
                                            .input(stdio::pipe())
                                            .output(stdio::pipe()));
        EXPECT_EQ(weft::testing::some_of(closes.output()), "closed\n");
        try {
            get_as(kind, closes.input().write_all(much()));
            ADD_FAILURE() << "it was written to";
        } catch (const weft::write_error& e) {
            EXPECT_EQ(e.code(), std::errc::broken_pipe);
            EXPECT_LT(e.written(), much().size());
        }
    });
}

TEST(subprocess, gets_its_arguments_environment_and_directory) {
    ::setenv("WEFT_TEST_OUTER", "outer", 1);
    with_processes([](coroutine_kind kind) {
        const auto said = [&](command what) { return get_as(kind, check_output(what)); };
        EXPECT_EQ(said(command("printf", "%s|", "a b", "", "$x", "'")), "a b||$x|'|");
        EXPECT_EQ(said(command("printf").args({"%s-", "1", "2"})), "1-2-");
        const auto show = shell("echo $WEFT_TEST_OUTER,$WEFT_TEST_INNER");
        EXPECT_EQ(said(show), "outer,\n");
        EXPECT_EQ(said(command(show).env("WEFT_TEST_INNER", "1").env("WEFT_TEST_INNER", "2")),
                  "outer,2\n");
        EXPECT_EQ(said(command(show).unset_env("WEFT_TEST_OUTER")), ",\n");
        EXPECT_EQ(said(command("env").clear_env().env("ONLY", "this")), "ONLY=this\n");
        EXPECT_EQ(said(command("pwd").directory("/usr")), "/usr\n");
        EXPECT_EQ(said(shell("cat; echo to nobody >&2").input(stdio::null()).errors(stdio::null())),
                  "");
        EXPECT_EQ(said(shell("echo both >&2").errors(stdio::to_output())), "both\n");
    });
}

TEST(subprocess, gets_a_descriptor_as_a_stream) {
    with_processes([](coroutine_kind kind) {
        weft::unique_fd script(::open("/proc/self/cmdline", O_RDONLY));
        const auto text =
            get_as(kind, check_output(command("cat").input(stdio::descriptor(script.get()))));
        EXPECT_NE(text, "");
        EXPECT_EQ(start_error(command("cat").input(stdio::descriptor(987654))).code(),
                  std::errc::bad_file_descriptor);
    });
}

TEST(subprocess, inherits_no_descriptor_but_three) {
    with_processes([](coroutine_kind kind) {
        // Neither close-on-exec nor low.
        const weft::unique_fd open(::open("/dev/null", O_RDONLY));
        const weft::unique_fd high(::fcntl(open.get(), F_DUPFD, 200));
        const auto listed = get_as(kind, check_output(command("ls", "/proc/self/fd")));
        EXPECT_EQ(listed, "0\n1\n2\n3\n") << "3 is the folder that it lists";
    });
}

TEST(subprocess, begins_with_signals_as_a_shell_has_them) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const auto before_usr1 = std::signal(SIGUSR1, [](int) {});
    sigset_t blocked;
    sigset_t old;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
    with_processes([](coroutine_kind kind) {
        const auto status = get_as(kind, check_output(command("cat", "/proc/self/status")));
        const auto mask = [&](const std::string& name) {
            return std::stoull(status.substr(status.find(name) + name.size()), nullptr, 16);
        };
        EXPECT_EQ(mask("SigBlk:"), 0u);
        EXPECT_EQ(mask("SigCgt:"), 0u);
        EXPECT_EQ(mask("SigIgn:") & (1u << (SIGPIPE - 1)), 0u);
    });
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    std::signal(SIGPIPE, before);
    std::signal(SIGUSR1, before_usr1);
}

TEST(subprocess, that_cannot_be_started_is_named) {
    with_processes([](coroutine_kind) {
        const auto missing = start_error(command("weft-no-such-program"));
        EXPECT_EQ(missing.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(missing.what(), HasSubstr("starting 'weft-no-such-program': No such file"));
        EXPECT_EQ(start_error(command("/etc")).code(), std::errc::permission_denied);
        const auto long_one = start_error(command("true", std::string(std::size_t{1} << 20, 'x')));
        EXPECT_EQ(long_one.code(), std::errc::argument_list_too_long);
        EXPECT_THAT(long_one.what(), HasSubstr("'true'"));
        EXPECT_THAT(start_error(command("true").directory("/no/such")).what(),
                    HasSubstr("in '/no/such'"));
    });
}

TEST(subprocess, that_makes_no_sense_is_a_usage_error) {
    with_processes([](coroutine_kind) {
        const auto refused = [](const command& what) {
            return thrown<weft::usage_error>([&] { static_cast<void>(subprocess::start(what)); });
        };
        EXPECT_THAT(refused(command("echo", std::string("a\0b", 3))), HasSubstr("character 0"));
        EXPECT_THAT(refused(command("echo").env("a=b", "c")), HasSubstr("names no variable"));
        EXPECT_THAT(refused(command("echo").output(stdio::to_output())), HasSubstr("errors()"));

        auto running = subprocess::start(command("cat").input(stdio::pipe()));
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(running.output()); }),
                    HasSubstr("command::output(stdio::pipe())"));
        EXPECT_THAT(thrown<weft::usage_error>([&] { running.signal_group(SIGTERM); }),
                    HasSubstr("own_group()"));
        const subprocess moved = std::move(running);
        EXPECT_THAT(thrown<weft::usage_error>([&] { static_cast<void>(running.wait()); }),
                    HasSubstr("moved away"));
    });
    EXPECT_THAT(
        thrown<weft::usage_error>([] { static_cast<void>(subprocess::start(command("true"))); }),
        HasSubstr("subprocess::start()"));
}

TEST(subprocess, is_not_there_in_a_simulated_world) {
    weft::testing::simulation world(1);
    world.run([] {
        EXPECT_THAT(thrown<weft::usage_error>(
                        [] { static_cast<void>(subprocess::start(command("true"))); }),
                    HasSubstr("simulated world, which has no processes"));
    });
}

TEST(subprocess, without_descriptors_fails_and_leaves_nothing) {
    const auto what =
        shell("exec sleep 1000").input(stdio::pipe()).output(stdio::pipe()).errors(stdio::pipe());
    with_processes([&](coroutine_kind) {
        // Killed, and reaped at once: what goes on behind the scenes takes no descriptors then.
        const auto start = [&] {
            auto started = subprocess::start(what);
            started.kill();
            while (!started.status()) {}
        };
        start();  // the loop has all that it needs
        std::size_t more = 0;
        for (; more < 20; ++more) {
            const auto error = emfile_of(more, start);
            if (error.empty()) break;
            EXPECT_THAT(error, HasSubstr("starting 'sh'"));
        }
        EXPECT_GE(more, 7u) << "six ends of pipes and one for the process";
        EXPECT_LT(more, 20u);
    });
}

TEST(check_output, gives_what_is_written) {
    with_processes([](coroutine_kind kind) {
        EXPECT_EQ(get_as(kind, check_output(command("echo", "hi"))), "hi\n");
        const auto long_one = shell("head -c 1000000 /dev/zero");
        EXPECT_EQ(get_as(kind, check_output(long_one)).size(), 1'000'000u);
        EXPECT_THROW(get_as(kind, check_output(long_one, 999'999)), weft::limit_exceeded);
    });
}

TEST(check_output, fails_with_the_end_of_what_was_complained) {
    with_processes([](coroutine_kind kind) {
        try {
            get_as(kind, check_output(shell("seq 100000 >&2; echo it is broken >&2; exit 7")));
            ADD_FAILURE() << "it succeeded";
        } catch (const process_failed& e) {
            EXPECT_EQ(e.status().code(), 7);
            EXPECT_THAT(e.what(), HasSubstr("exited with 7: it is broken"));
            EXPECT_THAT(e.errors(), HasSubstr("100000\nit is broken\n"));
            EXPECT_EQ(e.errors().size(), 4096u);
        }
        EXPECT_THAT(thrown<process_failed>([&] { get_as(kind, check_output(command("false"))); }),
                    HasSubstr("'false' exited with 1"));
    });
}

TEST(command, is_shown_as_a_shell_takes_it) {
    EXPECT_EQ(command("ls", "-l", "a b", "it's", "").text(), "ls -l 'a b' 'it'\\''s' ''");
    EXPECT_THAT(command("a", "b").args(), ::testing::ElementsAre("b"));
}

}  // namespace
