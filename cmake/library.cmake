# The library: target weft, alias weft::weft. Static unless BUILD_SHARED_LIBS asks otherwise.

# From the bottom up. The include law between them is checked by scripts/tidy.py.
set(WEFT_LAYERS base machine core sync stream io net file process tls http pipeline testing)

find_package(Threads REQUIRED)

add_library(weft)
add_library(weft::weft ALIAS weft)

target_compile_features(weft PUBLIC cxx_std_20)
# As clang has it: nobody replaces a function of the library at load time, so it may be inlined.
target_compile_options(weft PRIVATE -fno-semantic-interposition)
target_link_libraries(weft PUBLIC Threads::Threads)

# The io_uring driver needs liburing 2.3; without it there is only epoll. By its plain name, so that
# what is installed may be moved; a shared weft records it, users of a static one link it
# (install.cmake).
set(WEFT_HAS_LIBURING OFF)
if(WEFT_IO_URING)
    include(CheckCXXSymbolExists)
    set(CMAKE_REQUIRED_LIBRARIES uring)
    check_cxx_symbol_exists(io_uring_submit_and_get_events liburing.h WEFT_FOUND_LIBURING)
    unset(CMAKE_REQUIRED_LIBRARIES)
    if(WEFT_FOUND_LIBURING)
        set(WEFT_HAS_LIBURING ON)
        target_link_libraries(weft PRIVATE uring)
        set_source_files_properties(
            ${PROJECT_SOURCE_DIR}/weft/io/uring_ring.cpp
            PROPERTIES COMPILE_DEFINITIONS WEFT_HAS_LIBURING=1
        )
    else()
        message(STATUS "liburing 2.3 was not found: weft is built without its io_uring driver")
    endif()
endif()

# Before 1.0 a minor version may break the binary interface, so it is part of the soname.
set_target_properties(
    weft
    PROPERTIES
        LINKER_LANGUAGE CXX
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
        EXPORT_NAME weft
)

configure_file(
    ${PROJECT_SOURCE_DIR}/weft/base/version.hpp.in
    ${PROJECT_BINARY_DIR}/include/weft/base/version.hpp
    @ONLY
)

file(GLOB WEFT_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/weft/*.hpp)
set(WEFT_SOURCES)

foreach(layer IN LISTS WEFT_LAYERS)
    set(folder ${PROJECT_SOURCE_DIR}/weft/${layer})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.hpp)

    set(WEFT_${layer}_TESTS ${sources})
    list(FILTER WEFT_${layer}_TESTS INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    # x_test.hpp holds what several tests of a layer share: not installed.
    list(FILTER headers EXCLUDE REGEX "_test\\.hpp$")

    set_source_files_properties(${sources} PROPERTIES UNITY_GROUP ${layer})
    list(APPEND WEFT_SOURCES ${sources})
    list(APPEND WEFT_HEADERS ${headers})
endforeach()

if(WEFT_UNITY)
    set_target_properties(weft PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endif()

# Headers are checked one by one (see tests.cmake): each must compile alone.
if(WEFT_BUILD_TESTS)
    set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
    set_property(TARGET weft PROPERTY VERIFY_INTERFACE_HEADER_SETS ON)
endif()

target_sources(
    weft
    PRIVATE ${WEFT_SOURCES}
    PUBLIC
        FILE_SET HEADERS
            BASE_DIRS ${PROJECT_SOURCE_DIR}
            FILES ${WEFT_HEADERS}
        FILE_SET generated_headers
            TYPE HEADERS
            BASE_DIRS ${PROJECT_BINARY_DIR}/include
            FILES ${PROJECT_BINARY_DIR}/include/weft/base/version.hpp
)

include(components)
