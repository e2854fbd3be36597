#include "weft/stream/memory_stream.hpp"

namespace weft {

std::pair<memory_stream, memory_stream> memory_stream_pair(std::size_t capacity) {
    memory_pipe there(capacity);
    memory_pipe back(capacity);
    return {memory_stream(std::move(back.reader), std::move(there.writer)),
            memory_stream(std::move(there.reader), std::move(back.writer))};
}

}  // namespace weft
