#pragma once

#include "weft/base/export.hpp"
#include "weft/core/task.hpp"
#include "weft/io/pipe.hpp"
#include "weft/process/command.hpp"
#include "weft/process/exit_status.hpp"
#include "weft/process/process_state.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>

/// Processes that run other programs.
namespace weft {

/// What a process said, and how it ended.
class WEFT_EXPORT communicated {
public:
    communicated() = default;
    communicated(std::string said, std::string complained, exit_status how) noexcept
        : output(std::move(said)), errors(std::move(complained)), status(how) {}

    std::string output;  ///< empty when it was no pipe
    std::string errors;
    exit_status status;
};

/// A program that runs.
///
/// ```cpp
/// weft::task<> sort_some() {
///     auto sort = weft::subprocess::start(weft::command("sort")
///                                             .input(weft::stdio::pipe())
///                                             .output(weft::stdio::pipe()));
///     co_await sort.input().write_all("pear\napple\n");
///     sort.input().close();  // it waits for the end
///     weft::buffered_reader lines(sort.output());
///     while (auto line = co_await lines.read_line()) std::cout << *line << '\n';
///     const weft::exit_status how = co_await sort.wait();
///     if (!how.success()) std::cerr << "sort " << how.text() << '\n';
/// }
/// ```
///
/// 1. Its streams are those of this program, unless the command says otherwise. No other descriptor
///    of this program is open in it, not even one without O_CLOEXEC; no signal is blocked, none
///    caught, and SIGPIPE, SIGCHLD and SIGXFSZ are not ignored.
/// 2. Whoever holds it waits for it: destroyed before its end was waited for, it kills the process
///    (SIGKILL; its group, if that is its own) and its status is taken behind the scenes. So no
///    process outlives a scope that was cancelled, and there is no zombie. `detach()` lets it run.
/// 3. A pipe holds 64 KiB: a process that writes more waits until somebody reads, and does not end.
///    Read first, then wait; or `communicate`, which does all at once.
/// 4. What it has started itself may outlive it, and hold its pipes open: then they have no end yet
///    though it has ended. `own_group()` reaches all of them.
/// 5. On the loop's thread, like the loop's other objects. Starting takes about as long as the
///    kernel needs to load the program. It throws `std::system_error` that names the program
///    (ENOENT, EACCES, E2BIG; EMFILE, EAGAIN), and `usage_error` in a simulated world, which has no
///    processes.
/// 6. It needs nothing of SIGCHLD. If the program ignores that signal, or calls waitpid(-1, …), the
///    status is lost to us too: `exit_status::known()` is false then.
class WEFT_EXPORT subprocess {
public:
    /// None; for moving one into.
    subprocess() noexcept = default;
    subprocess(subprocess&&) noexcept = default;
    subprocess& operator=(subprocess&& other) noexcept;
    ~subprocess() { end(); }

    [[nodiscard]] static subprocess start(const command& what);

    /// The write end of its standard input, if that is a pipe, else a `usage_error`. Closing it
    /// (`input().close()`) is the end that it reads. A process that has closed its own side makes
    /// writes fail by EPIPE; there is no SIGPIPE.
    [[nodiscard]] pipe_writer& input();
    /// The read end of its standard output, and of its standard error.
    [[nodiscard]] pipe_reader& output();
    [[nodiscard]] pipe_reader& errors();

    /// Awaited, gives how it ended, once it has; later calls at once. Any number of coroutines may
    /// wait, and a wait that is cancelled or timed out changes nothing: it runs on.
    [[nodiscard]] detail::exit_awaiter wait() const { return detail::exit_awaiter(state()); }
    /// How it ended, if it has.
    [[nodiscard]] std::optional<exit_status> status() const;

    /// Awaited, has written all of `input` and closed that, has read both outputs to their end, all
    /// at the same time, and waited for it. What is no pipe is left alone; that the process does
    /// not want (all of) its input is no error. More than `limit` bytes of one output are
    /// `limit_exceeded`. `input` lives until then.
    [[nodiscard]] task<communicated> communicate(std::string_view input = {},
                                                 std::size_t limit = default_limit);
    static constexpr std::size_t default_limit = std::size_t{64} << 20;

    /// Asks it to end (SIGTERM); it may refuse. It, or its whole group, if it has its own. False
    /// when it has ended. Throws `std::system_error` (EPERM).
    bool terminate();
    /// Ends it (SIGKILL), likewise.
    bool kill();
    /// Any signal, to the process alone.
    bool signal(int number);
    /// To its group. `usage_error` when that is this program's as well.
    bool signal_group(int number);

    /// Lets it run, and outlive this object and the program. Its status is taken when it ends.
    void detach() noexcept;

    /// The process number; that of its group too, if it has its own.
    [[nodiscard]] pid_t id() const { return state()->id; }
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    [[nodiscard]] const std::shared_ptr<detail::process_state>& state() const;
    void end() noexcept;

    std::shared_ptr<detail::process_state> state_;
    pipe_writer input_;
    pipe_reader output_;
    pipe_reader errors_;
};

/// A process ended otherwise than by success.
class WEFT_EXPORT process_failed : public std::runtime_error {
public:
    /// `complained` is the end of what it wrote to its standard error.
    process_failed(const command& what, exit_status how, std::string complained);
    ~process_failed() override;

    [[nodiscard]] const exit_status& status() const noexcept { return status_; }
    [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

private:
    exit_status status_;
    std::string errors_;
};

/// Awaited, runs it to its end and gives what it wrote to its standard output, at most `limit`
/// bytes (`limit_exceeded`). Throws `process_failed` when it does not succeed, with the end of what
/// it wrote to its standard error, unless the command says where that goes. A cancellation kills
/// it.
///
/// ```cpp
/// weft::task<std::string> kernel() {
///     co_return co_await weft::check_output(weft::command("uname", "-r"));
/// }
/// ```
[[nodiscard]] WEFT_EXPORT task<std::string> check_output(
    command what, std::size_t limit = subprocess::default_limit);

}  // namespace weft
