#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "scripted_sidecar.h"

// The program is README.md's first block, taken out of it by the build.
TEST(Readme, ItsFirstProgramStreamsAnAnswer) {
  ScriptedSidecar sidecar([](auto&, auto& writer) {
    writer.Write(text_event("Because of "));
    writer.Write(text_event("Rayleigh scattering."));
    writer.Write(done_event());
    return grpc::Status::OK;
  });
  const std::string command = "REMORA_ADDRESS=" + sidecar.address() + " " README_PROGRAM;
  FILE* program = popen(command.c_str(), "r");
  ASSERT_NE(program, nullptr);
  std::string output;
  std::array<char, 256> piece;
  while (std::fgets(piece.data(), piece.size(), program) != nullptr) output += piece.data();
  EXPECT_EQ(pclose(program), 0);
  EXPECT_EQ(output, "Because of Rayleigh scattering.\n3 tokens\n");
}
