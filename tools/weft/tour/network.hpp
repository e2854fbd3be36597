#pragma once

#include "weft/core/await.hpp"
#include "weft/core/scope.hpp"
#include "weft/net/serve.hpp"

#include <utility>

/// For the programs that are a server.
namespace weft::tour {

/// Runs a server, whose handler is a task or a fiber, while `clients()` talk to it; then the
/// listener is closed, and who is still connected may finish. In a fiber.
template <class Listener, class Handler, class Clients>
void while_serving(Listener& listener, Handler handler, Clients clients) {
    await(with_scope([&](scope& s) {
        s.spawn(serve(listener, std::move(handler)));
        clients();
        listener.close();
    }));
}

}  // namespace weft::tour
