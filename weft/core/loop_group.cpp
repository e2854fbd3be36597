#include "weft/core/loop_group.hpp"

#include "weft/base/check.hpp"
#include "weft/base/error.hpp"
#include "weft/core/describe.hpp"
#include "weft/core/run.hpp"
#include "weft/core/scheduler.hpp"

#include <algorithm>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <system_error>
#include <utility>

namespace weft::detail {
namespace {

/// The kernel's own limit, without the end of the text.
constexpr std::size_t thread_name_max = 15;

std::string thread_name(const options& how, std::size_t index) {
    const std::string end = "-" + std::to_string(index);
    return how.name().substr(0, thread_name_max - end.size()) + end;
}

/// The processor of the loop with that index, of those that the thread may use.
std::optional<cpu_set_t> processor_for(const cpu_set_t& allowed, std::size_t index) noexcept {
    const auto count = static_cast<std::size_t>(CPU_COUNT(&allowed));
    if (count == 0) return std::nullopt;
    std::size_t left = index % count;
    for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
        if (!CPU_ISSET(i, &allowed) || left-- != 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        return one;
    }
    return std::nullopt;
}

}  // namespace

struct thread_dress::before {
    std::string name;
    std::optional<cpu_set_t> processors;
};

thread_dress::thread_dress(const options& how, std::size_t index) {
    if (how.name().empty() && !how.pin_threads()) return;
    before_ = std::make_unique<before>();
    const pthread_t self = ::pthread_self();
    if (!how.name().empty()) {
        char name[thread_name_max + 1] = {};
        if (::pthread_getname_np(self, name, sizeof name) == 0) before_->name = name;
        ::pthread_setname_np(self, thread_name(how, index).c_str());
    }
    if (!how.pin_threads()) return;
    cpu_set_t allowed;
    if (::pthread_getaffinity_np(self, sizeof allowed, &allowed) != 0) return;
    const std::optional<cpu_set_t> one = processor_for(allowed, index);
    if (one && ::pthread_setaffinity_np(self, sizeof *one, &*one) == 0)
        before_->processors = allowed;
}

thread_dress::~thread_dress() {
    if (before_ == nullptr) return;
    const pthread_t self = ::pthread_self();
    if (!before_->name.empty()) ::pthread_setname_np(self, before_->name.c_str());
    if (const std::optional<cpu_set_t>& all = before_->processors; all.has_value())
        ::pthread_setaffinity_np(self, sizeof *all, &*all);
}

loop_remotes::loop_remotes(const std::vector<std::shared_ptr<inbox>>& mails) {
    remotes_.reserve(mails.size());
    for (const auto& mail : mails) {
        remotes_.emplace_back(mail);
        mail->let_go();
    }
}
loop_remotes::~loop_remotes() {
    for (const remote_loop& r : remotes_) r.mail()->hold();
}

loop_group::starter loop_group::start = [](std::function<void()> body) {
    return std::thread(std::move(body));
};

loop_group::loop_group(loop& first, const options& how, bool by_signals)
    : members_(how.threads()), by_signals_(by_signals) {
    scheduler& home = first.scheduler();
    members_[0].home = &home;
    members_[0].mail = home.shared_mail();
    const options own = options(how).threads(1);
    std::latch begun(static_cast<std::ptrdiff_t>(members_.size()) - 1);
    std::size_t started = 1;
    try {
        for (; started < members_.size(); ++started)
            members_[started].thread = start(
                [this, index = started, &how, &own, &begun] { work(index, how, own, begun); });
    } catch (const std::system_error& e) {
        begun.count_down(static_cast<std::ptrdiff_t>(members_.size() - started));
        begun.wait();
        end_threads();
        throw std::system_error(e.code(), "run(): starting thread " + std::to_string(started + 1) +
                                              " of " + std::to_string(members_.size()) +
                                              " for its loops (allow more threads: ulimit -u, or "
                                              "ask for fewer: options::threads)");
    }
    begun.wait();
    std::vector<std::shared_ptr<inbox>> mails;
    for (const member& m : members_) {
        if (m.failed) {
            end_threads();
            std::rethrow_exception(m.failed);
        }
        mails.push_back(m.mail);
    }
    remotes_ = std::make_unique<loop_remotes>(mails);
    home.group = this;
    may_run_.count_down();
}

loop_group::~loop_group() {
    end_threads();
    members_[0].home->group = nullptr;
}

/// Idempotent.
void loop_group::end_threads() noexcept {
    over_ = true;
    if (!may_run_.try_wait()) may_run_.count_down();
    for (std::size_t i = 1; i < members_.size(); ++i) {
        if (!members_[i].thread.joinable()) continue;
        if (members_[i].mail != nullptr) members_[i].mail->wake();
        members_[i].thread.join();
    }
}

void loop_group::work(std::size_t index, const options& how, const options& own,
                      std::latch& begun) noexcept {
    member& m = members_[index];
    std::optional<thread_dress> dress;
    std::optional<loop> mine;
    try {
        dress.emplace(how, index);
        mine.emplace(own);
        m.home = &mine->scheduler();
        m.home->index = index;
        m.home->stops().by_signals = by_signals_;
        m.mail = m.home->shared_mail();
    } catch (...) {
        m.failed = std::current_exception();
    }
    begun.count_down();  // `how`, `own` and `begun` may go
    may_run_.wait();
    if (m.failed) return;
    if (!over_) {
        m.home->group = this;
        mine->run_in_group();
        m.home->group = nullptr;
    }
    mine->close();
}

void loop_group::run_others() {
    scheduler& s = *the_scheduler;
    while (!over_) static_cast<void>(s.turn());
}

bool loop_group::all_idle(scheduler& s) noexcept {
    member& m = members_[s.index];
    m.live = s.live();
    if (!std::exchange(m.is_idle, true)) idle_.fetch_add(1);
    const std::uint64_t moves = moves_.load();
    if (idle_.load() != members_.size()) return false;
    for (const member& each : members_)
        if (!each.mail->settled()) return false;
    if (moves_.load() != moves || idle_.load() != members_.size()) return false;
    if (s.index != 0) {
        members_[0].mail->wake();
        return false;
    }
    not_idle(s);
    return true;
}

void loop_group::not_idle(scheduler& s) noexcept {
    if (!std::exchange(members_[s.index].is_idle, false)) return;
    moves_.fetch_add(1);
    idle_.fetch_sub(1);
}

void loop_group::tell_others(const scheduler& from, void (*f)(scheduler&, const cancel_origin&),
                             const cancel_origin& origin) {
    const std::span<const remote_loop> all = remotes_->all();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (i != from.index) all[i].post([f, origin] { f(this_scheduler(), origin); });
}

bool loop_group::nothing_lives() const noexcept {
    return std::ranges::all_of(members_, [](const member& m) { return m.live == 0; });
}

void loop_group::finish(const cancel_origin& origin) {
    scheduler& s = *members_[0].home;
    ending_ = true;
    tell_others(s, [](scheduler& to, const cancel_origin& o) { to.end(o); }, origin);
    // One that catches that may shield itself again.
    constexpr int rounds_max = 1000;
    for (int round = 0;; ++round) {
        while (s.turn()) {}
        if (nothing_lives()) break;
        WEFT_CHECK(round < rounds_max,
                   "coroutines are left at the end of run() that nothing can ever wake");
        const auto everything = [](scheduler& to, const cancel_origin& o) {
            to.root().cancel_everything(o);
        };
        const cancel_origin stuck(cancel_reason::deadlock, nullptr, 0);
        tell_others(s, everything, stuck);
        everything(s, stuck);
    }
    end_threads();
}

std::string loop_group::describe_others() {
    std::string text;
    for (std::size_t i = 1; i < members_.size(); ++i) {
        std::string waits;
        std::latch told(1);
        remotes_->all()[i].post([&] {
            waits = describe_waits(this_scheduler());
            told.count_down();
        });
        told.wait();
        if (!waits.empty()) text += "\non loop " + std::to_string(i) + ":" + waits;
    }
    return text;
}

}  // namespace weft::detail
