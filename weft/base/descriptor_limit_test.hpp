#pragma once

#include "weft/base/fd.hpp"
#include "weft/base/unhandled.hpp"

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

/// Running out of descriptors.
namespace weft::testing {

/// Lets no more than `more` descriptors be opened while it lives.
class descriptor_limit {
public:
    explicit descriptor_limit(std::size_t more) {
        meet_the_error();
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = static_cast<rlim_t>(lowest_free()) + more;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    /// Numbers are given out from the lowest.
    static int lowest_free() { return unique_fd(::open("/", O_PATH | O_CLOEXEC)).get(); }
    /// Takes all that are left.
    static std::vector<unique_fd> take_all() {
        std::vector<unique_fd> taken;
        for (;;) {
            unique_fd one(::open("/", O_PATH | O_CLOEXEC));
            if (!one) return taken;
            taken.push_back(std::move(one));
        }
    }

private:
    /// The first time that UBSan sees an object of a type it opens descriptors to look at it.
    static void meet_the_error() {
        for (const auto* category : {&std::generic_category(), &std::system_category()}) {
            try {
                throw std::system_error(EMFILE, *category, "");
            } catch (const std::system_error& e) {
                EXPECT_TRUE(e.code() == std::error_code(EMFILE, *category));
                EXPECT_EQ(e.code(), std::errc::too_many_files_open);
                EXPECT_NE(describe_exception(std::current_exception()), "");
            }
        }
    }

    rlimit before_{};
};

/// The text of the EMFILE that `action` throws when only `more` descriptors may be opened; empty
/// when it does not. For UBSan it has to be done once before without the limit.
template <class Action>
std::string emfile_of(std::size_t more, Action action) {
    std::exception_ptr thrown;
    {
        const descriptor_limit limit(more);
        try {
            action();
        } catch (...) {
            thrown = std::current_exception();
        }
    }
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code().value(), EMFILE);
        return e.what();
    }
    return "";
}

}  // namespace weft::testing
