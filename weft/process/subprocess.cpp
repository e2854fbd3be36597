#include "weft/process/subprocess.hpp"

#include "weft/base/error.hpp"
#include "weft/core/scheduler.hpp"
#include "weft/core/when_all.hpp"
#include "weft/process/start_process.hpp"
#include "weft/stream/stream_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

namespace weft {
namespace {

constexpr std::size_t tail_max = 4096;

/// Its end is closed when all is written, or the process wants no more.
task<> feed(pipe_writer& to, std::string_view bytes) {
    if (!to) co_return;
    try {
        co_await to.write_all(bytes);
    } catch (const std::system_error& e) {
        if (e.code() != std::errc::broken_pipe) throw;
    }
    to.close();
}

/// All of it; or of more than `keep` the end.
task<std::string> drain(pipe_reader& from, std::size_t limit, std::size_t keep) {
    std::string all;
    if (!from) co_return all;
    constexpr std::size_t step_min = 4096;
    std::size_t size = 0;
    for (;;) {
        if (all.size() - size < step_min) all.resize(std::max(2 * size, 4 * step_min));
        const std::size_t n = co_await from.read_some(all.data() + size, all.size() - size);
        if (n == 0) break;
        size += n;
        if (size > limit) throw limit_exceeded("reading the output of a process", limit);
        if (size > 2 * keep) {
            all.erase(0, size - keep);
            size = keep;
        }
    }
    all.resize(size);
    if (size > keep) all.erase(0, size - keep);
    co_return all;
}

std::string failure_text(const command& what, const exit_status& how, const std::string& said) {
    std::string text = "'" + what.text() + "' " + how.text();
    const std::size_t end = said.find_last_not_of('\n');
    if (end == std::string::npos) return text;
    const std::size_t line = said.find_last_of('\n', end);
    const std::size_t begin = line == std::string::npos ? 0 : line + 1;
    return text + ": " + said.substr(begin, end + 1 - begin);
}

template <class End>
End& piped(End& end, const char* name) {
    if (end) return end;
    throw usage_error(std::string("subprocess::") + name +
                      "(): there is no pipe, or it was closed: command::" + name +
                      "(stdio::pipe()) before the start makes one");
}

template <class End>
End adopted(unique_fd fd) {
    return fd ? End(owned_descriptor::adopt(fd.release()).release()) : End();
}

}  // namespace

subprocess subprocess::start(const command& what) {
    if (!detail::scheduler_for("subprocess::start()").world().is_of_kernel())
        throw usage_error("subprocess::start(): '" + what.program() +
                          "' cannot be started in a simulated world, which has no processes: put "
                          "what talks to it behind a byte stream, and test it with memory_stream; "
                          "or run this test on make_driver()");
    detail::reap_left();
    detail::started_process made = detail::start_process(what);
    subprocess one;
    one.state_ =
        std::make_shared<detail::process_state>(what.program(), made.id, what.has_own_group());
    if (made.pidfd) one.state_->pidfd = owned_descriptor::adopt(made.pidfd.release());
    one.input_ = adopted<pipe_writer>(std::move(made.ends[0]));
    one.output_ = adopted<pipe_reader>(std::move(made.ends[1]));
    one.errors_ = adopted<pipe_reader>(std::move(made.ends[2]));
    return one;
}

subprocess& subprocess::operator=(subprocess&& other) noexcept {
    if (this == &other) return *this;
    end();
    state_ = std::move(other.state_);
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
    errors_ = std::move(other.errors_);
    return *this;
}

void subprocess::end() noexcept {
    const auto ending = std::exchange(state_, nullptr);
    if (ending == nullptr || !ending->is_ours() || ending->reap()) return;
    ending->kill_all();
    detail::reap_in_background(ending);
}

void subprocess::detach() noexcept {
    if (const auto running = std::exchange(state_, nullptr); running != nullptr)
        detail::reap_in_background(running);
}

const std::shared_ptr<detail::process_state>& subprocess::state() const {
    if (state_ == nullptr)
        throw usage_error("subprocess: there is no process: it was moved away or detached");
    return state_;
}

pipe_writer& subprocess::input() {
    return piped(input_, "input");
}
pipe_reader& subprocess::output() {
    return piped(output_, "output");
}
pipe_reader& subprocess::errors() {
    return piped(errors_, "errors");
}

std::optional<exit_status> subprocess::status() const {
    static_cast<void>(state()->reap());
    return state()->status;
}

bool subprocess::terminate() {
    return state()->send_to_all(SIGTERM);
}
bool subprocess::kill() {
    return state()->send_to_all(SIGKILL);
}
bool subprocess::signal(int number) {
    return state()->send(number, false);
}
bool subprocess::signal_group(int number) {
    if (!state()->own_group)
        throw usage_error("subprocess::signal_group(): '" + state()->program +
                          "' is in this program's own group: start it with "
                          "command::own_group(), or signal it alone");
    return state()->send(number, true);
}

task<communicated> subprocess::communicate(std::string_view input, std::size_t limit) {
    const auto running = state();
    if (!input.empty()) static_cast<void>(this->input());
    auto all = co_await when_all(feed(input_, input), drain(output_, limit, SIZE_MAX / 4),
                                 drain(errors_, limit, SIZE_MAX / 4));
    const exit_status how = co_await detail::exit_awaiter(running);
    co_return communicated(std::move(std::get<1>(all)), std::move(std::get<2>(all)), how);
}

process_failed::process_failed(const command& what, exit_status how, std::string complained)
    : std::runtime_error(failure_text(what, how, complained)),
      status_(how),
      errors_(std::move(complained)) {}
process_failed::~process_failed() = default;

task<std::string> check_output(command what, std::size_t limit) {
    what.output(stdio::pipe());
    if (!what.errors()) what.errors(stdio::pipe());
    subprocess running = subprocess::start(what);
    // Pipes of the command's own go where it says.
    pipe_reader output = std::move(running.output());
    pipe_reader errors;
    if (what.errors()->where() == stdio::way::pipe) errors = std::move(running.errors());
    auto all =
        co_await when_all(drain(output, limit, SIZE_MAX / 4), drain(errors, SIZE_MAX, tail_max));
    const exit_status how = co_await running.wait();
    if (!how.success()) throw process_failed(what, how, std::move(std::get<1>(all)));
    co_return std::move(std::get<0>(all));
}

}  // namespace weft
