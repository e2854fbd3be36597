# The tests: one GoogleTest executable a layer, weft_<layer>_test, made of weft/<layer>/*_test.cpp,
# and weft_cross_test from tests/*_test.cpp for what crosses layers.
#
# Labels (ctest -L, -LE):
#   <layer>, cross   where the test lives
#   slow             left out of the fast tier; a test suite whose name ends in _slow has it (alone)
#   stackful         when cross-compiling: the tests of machine, greenlets and stackful coroutines
#   headers          every public header compiles alone
#   house            checks of the repository itself, the same under every preset
#                    (tidy, docs, consume, clang-tidy), so run under one of them only

if(CMAKE_CROSSCOMPILING)
    # Debian has GoogleTest built for this machine only, but it has the source.
    set(INSTALL_GTEST OFF)
    add_subdirectory(/usr/src/googletest googletest EXCLUDE_FROM_ALL SYSTEM)
else()
    find_package(GTest REQUIRED)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
include(GoogleTest)

function(weft_add_gtest name label)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE weft::weft GTest::gmock GTest::gtest_main)
    # What takes most of the time of a test's compilation and never changes; made once.
    if(TARGET weft_base_test AND NOT name STREQUAL weft_base_test)
        target_precompile_headers(${name} REUSE_FROM weft_base_test)
    else()
        target_precompile_headers(
            ${name}
            PRIVATE
                <gmock/gmock.h>
                <gtest/gtest.h>
                <chrono>
                <coroutine>
                <functional>
                <string>
                <thread>
                <vector>
                # From nothing it is parsed once; while one works on weft, each change would be
                # parsed by every test.
                $<$<BOOL:${WEFT_UNITY}>:<weft/weft.hpp$<ANGLE-R>>
        )
    endif()
    # Discovery is put off until ctest runs: a crash then fails a test and not the build, and the
    # sanitizers' environment (CMakePresets.json) is already set.
    gtest_discover_tests(
        ${name}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        TEST_FILTER "-*_slow.*"
        PROPERTIES LABELS ${label} TIMEOUT 60
    )
    gtest_discover_tests(
        ${name}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        TEST_FILTER "*_slow.*"
        PROPERTIES LABELS slow TIMEOUT 600 # CMake 3.25 takes one label here
    )
endfunction()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns of its own std::string (GCC bug 105651).
    set_source_files_properties(
        ${PROJECT_SOURCE_DIR}/weft/pipeline/searcher_test.cpp
        PROPERTIES COMPILE_OPTIONS "-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow"
    )
endif()

foreach(layer IN LISTS WEFT_LAYERS)
    if(WEFT_${layer}_TESTS)
        weft_add_gtest(weft_${layer}_test ${layer} ${WEFT_${layer}_TESTS})
    endif()
endforeach()

foreach(component IN LISTS WEFT_COMPONENTS)
    if(WEFT_${component}_TESTS)
        weft_add_gtest(weft_${component}_test ${component} ${WEFT_${component}_TESTS})
        target_link_libraries(weft_${component}_test PRIVATE weft::${component})
    endif()
endforeach()

# What depends on the processor: of the other one's tests, `./test --all` builds these only.
if(CMAKE_CROSSCOMPILING)
    set(WEFT_stackful_TESTS ${WEFT_core_TESTS})
    list(FILTER WEFT_stackful_TESTS INCLUDE REGEX "/(greenlet|stackful)[a-z_]*_test\\.cpp$")
    weft_add_gtest(weft_stackful_test stackful ${WEFT_machine_TESTS} ${WEFT_stackful_TESTS})
    set_target_properties(weft_stackful_test PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

file(GLOB WEFT_CROSS_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cpp)
if(WEFT_CROSS_TESTS)
    weft_add_gtest(weft_cross_test cross ${WEFT_CROSS_TESTS})
endif()

# The targets are made by CMake from the header sets: one object file for each header.
set(header_sets weft_verify_interface_header_sets)
foreach(component IN LISTS WEFT_COMPONENTS)
    list(APPEND header_sets weft_${component}_verify_interface_header_sets)
endforeach()
add_test(
    NAME headers.each_compiles_alone
    COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target ${header_sets}
)
set_tests_properties(
    headers.each_compiles_alone
    PROPERTIES LABELS headers TIMEOUT 600 COST 900 RESOURCE_LOCK build_tree
)
