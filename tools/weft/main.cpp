#include "command.hpp"

int main(int argc, char** argv) {
    return weft::tool::run_tool(argc, argv);
}
