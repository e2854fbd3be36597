#include "await_nested.hpp"

namespace bench {

weft::task<std::uint64_t> successor(std::uint64_t n) {
    co_return n + 1;
}

}  // namespace bench
