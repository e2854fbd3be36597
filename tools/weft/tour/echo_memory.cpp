#include "echo_memory.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::tour {
namespace {

/// A part of the pages that are shared with others: the proportional set size.
double bytes_of(const std::filesystem::path& process) {
    std::ifstream file(process / "smaps_rollup");
    for (std::string word; file >> word;)
        if (double kib = 0; word == "Pss:" && file >> kib) return kib * 1024;
    return 0;
}

bool is_our_child(const std::filesystem::path& process) {
    std::ifstream file(process / "stat");
    std::string line;
    std::getline(file, line);
    // "pid (name) state parent …": the name may hold anything.
    const std::size_t end = line.rfind(')');
    return end != line.npos && end + 4 < line.size() &&
           std::atoi(line.c_str() + end + 4) == ::getpid();
}

}  // namespace

double memory_in_use() {
    double bytes = bytes_of("/proc/self");
    std::error_code ignored;
    for (const auto& process : std::filesystem::directory_iterator("/proc", ignored)) {
        const char first = process.path().filename().string().front();
        if (first >= '0' && first <= '9' && is_our_child(process.path()))
            bytes += bytes_of(process.path());
    }
    return bytes;
}

silent_clients::~silent_clients() {
    for (const unique_fd& one : all_) ::shutdown(one.get(), SHUT_RDWR);
}

void silent_clients::connect(const address& server, int count) {
    std::array<char, 1024> bytes{};
    for (int n = 0; n < count; ++n) {
        unique_fd& one =
            all_.emplace_back(::socket(server.domain(), SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(one.get(), static_cast<const sockaddr*>(server.data()),
                      static_cast<socklen_t>(server.size())) != 0 ||
            ::send(one.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
                static_cast<ssize_t>(bytes.size()) ||
            ::recv(one.get(), bytes.data(), bytes.size(), MSG_WAITALL) !=
                static_cast<ssize_t>(bytes.size()))
            throw_system_error(errno, "talking to an echo server");
    }
}

}  // namespace weft::tour
