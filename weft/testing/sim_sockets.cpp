#include "weft/testing/sim_sockets.hpp"

#include "weft/testing/sim_datagram.hpp"
#include "weft/testing/sim_stream.hpp"

#include <cerrno>
#include <memory>

namespace weft::testing {

template <class Call>
int sim_sockets::with(int socket, Call call) noexcept {
    const sim_descriptor* const at = network_.descriptors().find(socket);
    if (at == nullptr) return -EBADF;
    // What a call does may close others, and never this one.
    auto* const found = dynamic_cast<sim_socket*>(at->endpoint.get());
    return found == nullptr ? -ENOTSOCK : call(*found);
}

int sim_sockets::open(int domain, int type, int protocol) noexcept {
    int error = 0;
    const auto made = network_.make(domain, type, protocol, error);
    if (made == nullptr) return error;
    sim_descriptors& all = network_.descriptors();
    return all.has_room() ? all.open(made) : -EMFILE;
}

int sim_sockets::open_pair(int domain, int type, std::array<int, 2>& ends) noexcept {
    int error = 0;
    const auto one = network_.make(domain, type, 0, error);
    if (one == nullptr) return error;
    if (domain != AF_UNIX) return -EOPNOTSUPP;
    const auto other = network_.make(domain, type, 0, error);
    sim_descriptors& all = network_.descriptors();
    if (!all.has_room(2)) return -EMFILE;
    if (one->type() == SOCK_STREAM)
        sim_stream::join(static_cast<sim_stream&>(*one), static_cast<sim_stream&>(*other));
    else
        sim_datagram::join(static_cast<sim_datagram&>(*one), static_cast<sim_datagram&>(*other));
    ends[0] = all.open(one);
    ends[1] = all.open(other);
    return 0;
}

int sim_sockets::bind(int socket, const void* address, std::size_t size) noexcept {
    return with(socket, [&](sim_socket& s) {
        sim_address to;
        const int error = to.read(s.domain(), address, size);
        return error != 0 ? error : s.bind(to);
    });
}

int sim_sockets::listen(int socket, int backlog) noexcept {
    return with(socket, [&](sim_socket& s) { return s.listen(backlog); });
}

int sim_sockets::shutdown(int socket, int how) noexcept {
    return with(socket, [&](sim_socket& s) { return s.shutdown(how); });
}

int sim_sockets::set_option(int socket, int level, int name, const void* value,
                            std::size_t size) noexcept {
    return with(socket, [&](sim_socket& s) { return s.set_option(level, name, value, size); });
}

int sim_sockets::get_option(int socket, int level, int name, void* value,
                            std::size_t& size) noexcept {
    return with(socket, [&](sim_socket& s) { return s.get_option(level, name, value, size); });
}

int sim_sockets::local_address(int socket, void* address, std::size_t& size) noexcept {
    return with(socket, [&](sim_socket& s) { return s.local_address(address, size); });
}

int sim_sockets::peer_address(int socket, void* address, std::size_t& size) noexcept {
    return with(socket, [&](sim_socket& s) { return s.peer_address(address, size); });
}

}  // namespace weft::testing
