# The components: layers that are libraries of their own, as each needs a library that not everybody
# has. Target weft_<name>, alias weft::<name>, made of weft/<name>/; find_package(weft COMPONENTS
# <name>). Where what it needs is absent, it is left out.

set(WEFT_COMPONENTS)

# weft_add_component(NAME LIBRARY...): links what follows, privately.
function(weft_add_component name)
    set(target weft_${name})
    set(folder ${PROJECT_SOURCE_DIR}/weft/${name})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.hpp)
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER headers EXCLUDE REGEX "_test\\.hpp$")

    add_library(${target})
    add_library(weft::${name} ALIAS ${target})
    target_link_libraries(${target} PUBLIC weft PRIVATE ${ARGN})
    target_compile_options(${target} PRIVATE -fno-semantic-interposition)
    set_target_properties(
        ${target}
        PROPERTIES
            LINKER_LANGUAGE CXX
            VERSION ${PROJECT_VERSION}
            SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
            EXPORT_NAME ${name}
            UNITY_BUILD ${WEFT_UNITY}
            INSTALL_RPATH "$ORIGIN"
    )
    if(WEFT_BUILD_TESTS)
        set_property(TARGET ${target} PROPERTY VERIFY_INTERFACE_HEADER_SETS ON)
    endif()
    target_sources(
        ${target}
        PRIVATE ${sources}
        PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers}
    )

    set(WEFT_${name}_TESTS ${tests} PARENT_SCOPE)
    list(APPEND WEFT_COMPONENTS ${name})
    set(WEFT_COMPONENTS ${WEFT_COMPONENTS} PARENT_SCOPE)
endfunction()

if(WEFT_XML)
    # 2.4 limits what entities may do.
    find_package(EXPAT 2.4)
    if(EXPAT_FOUND)
        weft_add_component(xml EXPAT::EXPAT)
    else()
        message(STATUS "Expat 2.4 was not found: weft is built without weft::xml")
    endif()
endif()
