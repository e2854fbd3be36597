# cmake --install: headers, library, CMake package, weft.pc. Every path in them is relative to the
# file that holds it, so the installed tree may be moved.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(
    TARGETS weft
    EXPORT weftTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILE_SET generated_headers DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
)
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${package_dir})

# Each with an export of its own: what it needs is looked for by who asks for it.
foreach(component IN LISTS WEFT_COMPONENTS)
    install(
        TARGETS weft_${component}
        EXPORT weft_${component}Targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    )
    install(EXPORT weft_${component}Targets NAMESPACE weft:: DESTINATION ${package_dir})
endforeach()

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/weftConfig.cmake.in
    ${PROJECT_BINARY_DIR}/package/weftConfig.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO
)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/package/weftConfigVersion.cmake
    COMPATIBILITY SameMinorVersion
)
install(
    FILES
        ${PROJECT_BINARY_DIR}/package/weftConfig.cmake
        ${PROJECT_BINARY_DIR}/package/weftConfigVersion.cmake
    DESTINATION ${package_dir}
)

# weft.pc finds the prefix from its own place. A static library has no record of what it needs, so
# its users' link line must name it; a shared one has, so there it is private.
file(RELATIVE_PATH WEFT_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH WEFT_PC_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH WEFT_PC_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
if(BUILD_SHARED_LIBS)
    set(WEFT_PC_LIBS "")
    set(WEFT_PC_LIBS_PRIVATE "-pthread")
else()
    set(WEFT_PC_LIBS " -pthread")
    set(WEFT_PC_LIBS_PRIVATE "")
endif()
if(WEFT_HAS_LIBURING AND NOT BUILD_SHARED_LIBS)
    string(APPEND WEFT_PC_LIBS " -luring")
endif()
configure_file(
    ${CMAKE_CURRENT_LIST_DIR}/weft.pc.in
    ${PROJECT_BINARY_DIR}/package/weft.pc
    @ONLY
)
install(FILES ${PROJECT_BINARY_DIR}/package/weft.pc DESTINATION ${pkgconfig_dir})

set(WEFT_PC_EXPAT "")
if(NOT BUILD_SHARED_LIBS)
    set(WEFT_PC_EXPAT " -lexpat")
endif()
foreach(component IN LISTS WEFT_COMPONENTS)
    configure_file(
        ${CMAKE_CURRENT_LIST_DIR}/weft-${component}.pc.in
        ${PROJECT_BINARY_DIR}/package/weft-${component}.pc
        @ONLY
    )
    install(
        FILES ${PROJECT_BINARY_DIR}/package/weft-${component}.pc
        DESTINATION ${pkgconfig_dir}
    )
endforeach()
