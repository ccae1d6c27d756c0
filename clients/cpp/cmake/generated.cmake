# Code generated from the contract and from wire/, below REMORA_GENERATED; made at build, never committed.

set(REMORA_GENERATED "${CMAKE_CURRENT_BINARY_DIR}/generated")
option(REMORA_CLIENT_UNITY "Compile sources in groups, which takes about half as long" ON)
set(REMORA_GENERATED_SOURCES)
set(REMORA_GENERATED_HEADERS)

# Adds a .proto below `root`. Further arguments: grpc, where it has services.
function(remora_generate root proto)
  string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
  set(files "${REMORA_GENERATED}/${stem}.pb.cc" "${REMORA_GENERATED}/${stem}.pb.h")
  set(arguments "--proto_path=${root}" "--cpp_out=${REMORA_GENERATED}")
  if("grpc" IN_LIST ARGN)
    list(APPEND files "${REMORA_GENERATED}/${stem}.grpc.pb.cc" "${REMORA_GENERATED}/${stem}.grpc.pb.h")
    list(APPEND arguments "--grpc_out=${REMORA_GENERATED}"
         "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
  endif()
  add_custom_command(
    OUTPUT ${files}
    COMMAND protobuf::protoc ${arguments} "${proto}"
    DEPENDS "${root}/${proto}"
    COMMENT "Generating ${stem}"
    VERBATIM)
  foreach(file IN LISTS files)
    if(file MATCHES "\\.cc$")
      list(APPEND REMORA_GENERATED_SOURCES "${file}")
    else()
      list(APPEND REMORA_GENERATED_HEADERS "${file}")
    endif()
  endforeach()
  set(REMORA_GENERATED_SOURCES "${REMORA_GENERATED_SOURCES}" PARENT_SCOPE)
  set(REMORA_GENERATED_HEADERS "${REMORA_GENERATED_HEADERS}" PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY "${REMORA_GENERATED}")
foreach(name content error_reason policy report)
  remora_generate("${REMORA_PROTO_DIR}" "remora/v1/${name}.proto")
endforeach()
foreach(name chat health)
  remora_generate("${REMORA_PROTO_DIR}" "remora/v1/${name}.proto" grpc)
endforeach()
remora_generate("${CMAKE_CURRENT_SOURCE_DIR}/wire" "remora/client/wire/status.proto")

add_library(remora_client_generated OBJECT ${REMORA_GENERATED_SOURCES} ${REMORA_GENERATED_HEADERS})
target_compile_features(remora_client_generated PUBLIC cxx_std_17)
target_include_directories(remora_client_generated PUBLIC "${REMORA_GENERATED}")
target_link_libraries(remora_client_generated PUBLIC protobuf::libprotobuf gRPC::grpc++)
set_target_properties(remora_client_generated PROPERTIES
  POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
  UNITY_BUILD ${REMORA_CLIENT_UNITY} UNITY_BUILD_MODE GROUP)
# Messages do not go together: each generated file has statics of the same names.
set_source_files_properties(
  "${REMORA_GENERATED}/remora/v1/chat.grpc.pb.cc" "${REMORA_GENERATED}/remora/v1/health.grpc.pb.cc"
  PROPERTIES UNITY_GROUP services)
