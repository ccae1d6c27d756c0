# The example, the suite's runner, and the programs of README.md.

find_package(nlohmann_json 3.11 REQUIRED)

# An executable of this project, put where it is easily found.
function(remora_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE remora::client)
  if(PROJECT_IS_TOP_LEVEL)
    target_link_libraries(${name} PRIVATE remora_client_warnings)
  endif()
endfunction()

remora_program(remora_chat examples/chat.cc)
remora_program(conformance conformance/main.cc conformance/run.cc conformance/fields.cc conformance/base64.cc)
target_link_libraries(conformance PRIVATE nlohmann_json::nlohmann_json)
set_target_properties(conformance PROPERTIES UNITY_BUILD ${REMORA_CLIENT_UNITY})

# Every ```cpp block of README.md, taken out of it: readme.cc is the first, a whole program; the others are functions.
set(README_FOLDER "${CMAKE_CURRENT_BINARY_DIR}/readme_blocks")
add_custom_command(
  OUTPUT "${README_FOLDER}/readme.cc" "${README_FOLDER}/others.cc"
  COMMAND "${CMAKE_COMMAND}" "-DREADME=${CMAKE_CURRENT_SOURCE_DIR}/README.md" "-DFOLDER=${README_FOLDER}"
          -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/readme_blocks.cmake"
  DEPENDS README.md cmake/readme_blocks.cmake
  COMMENT "Taking the programs out of README.md"
  VERBATIM)
remora_program(readme "${README_FOLDER}/readme.cc")
add_library(readme_others OBJECT "${README_FOLDER}/others.cc")
target_link_libraries(readme_others PRIVATE remora::client)
