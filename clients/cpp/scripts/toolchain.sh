#!/bin/sh
# What is missing to build, check and test this client, a line each; exit 1 if anything is.
missing=0
for program in cmake ninja protoc grpc_cpp_plugin clang-format "${CXX:-c++}"; do
  command -v "$program" >/dev/null || { echo "missing: $program (see clients/cpp/debian-packages)"; missing=1; }
done
for header in grpcpp/grpcpp.h google/protobuf/message.h nlohmann/json.hpp gtest/gtest.h; do
  for folder in /usr/include /usr/local/include $(echo "$CPLUS_INCLUDE_PATH" | tr ':' ' '); do
    [ -e "$folder/$header" ] && continue 2
  done
  echo "missing: the header $header (see clients/cpp/debian-packages)"
  missing=1
done
exit $missing
