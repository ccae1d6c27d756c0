# `cmake --install`: the library, its headers with the generated ones, and the package that find_package(remora_client) finds.

set(REMORA_CONFIG_FOLDER "${CMAKE_INSTALL_LIBDIR}/cmake/remora_client")

install(TARGETS remora_client EXPORT remora_client_targets)
install(EXPORT remora_client_targets FILE remora_client-targets.cmake NAMESPACE remora::
        DESTINATION "${REMORA_CONFIG_FOLDER}")
install(DIRECTORY include/remora DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${REMORA_GENERATED}/remora/v1" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/remora"
        FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY "${REMORA_PROTO_DIR}/remora" DESTINATION "${CMAKE_INSTALL_DATADIR}/remora_client/proto"
        FILES_MATCHING PATTERN "*.proto")
install(FILES README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/../../LICENSE")
  install(FILES ../../LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()

configure_package_config_file(cmake/remora_client-config.cmake.in remora_client-config.cmake
                              INSTALL_DESTINATION "${REMORA_CONFIG_FOLDER}")
write_basic_package_version_file(remora_client-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/remora_client-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/remora_client-config-version.cmake"
        DESTINATION "${REMORA_CONFIG_FOLDER}")
