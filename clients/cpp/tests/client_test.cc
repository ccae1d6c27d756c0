#include "remora/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "scripted_sidecar.h"

using remora::ErrorKind;
using std::chrono::milliseconds;

namespace {

grpc::Status answer(grpc::ServerContext&, ScriptedSidecar::Writer& writer) {
  writer.Write(text_event("yes"));
  writer.Write(done_event());
  return grpc::Status::OK;
}

remora::Error unreachable(const remora::Client& client, const remora::CallOptions& options = {}) {
  try {
    client.chat("smart", "?", options);
  } catch (const remora::Error& error) {
    return error;
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST(Client, SaysWhereNobodyAnswersAndDoesNotSpin) {
  remora::ClientOptions options;
  options.address = "127.0.0.1:1";
  options.connect_timeout = milliseconds(1000);
  const remora::Client client(options);
  const std::clock_t began = std::clock();
  const auto error = unreachable(client);
  EXPECT_LT(std::clock() - began, CLOCKS_PER_SEC / 2);
  EXPECT_EQ(error.kind(), ErrorKind::sidecar_unreachable);
  EXPECT_FALSE(error.code());
  EXPECT_EQ(error.message(),
            "no sidecar answers at 127.0.0.1:1 (waited 1 s): is `remora serve` running, and is "
            "REMORA_ADDRESS right?");
  remora::CallOptions hasty;
  hasty.timeout = milliseconds(100);
  EXPECT_NE(unreachable(client, hasty).message().find("waited 0.1 s"), std::string::npos);
}

TEST(Client, NoticesARestartWhileItWasIdle) {
  std::optional<ScriptedSidecar> sidecar(std::in_place, answer);
  const int port = sidecar->port();
  const auto client = sidecar->client();
  EXPECT_EQ(client.chat("smart", "?").final_text(), "yes");
  sidecar.reset();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(unreachable(client).kind(), ErrorKind::sidecar_unreachable);
  sidecar.emplace(answer, port);
  EXPECT_EQ(client.chat("smart", "?").final_text(), "yes");
  sidecar.emplace(answer, 0);  // gone from its port, and here again
  sidecar.emplace(answer, port);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(client.chat("smart", "?").final_text(), "yes");
}

TEST(Client, SendsTokenTraceAndItsName) {
  ScriptedSidecar sidecar(answer);
  remora::ClientOptions options;
  options.token = "secret";
  options.trace_context = [] { return remora::TraceContext{"00-active", "vendor=1"}; };
  const auto client = sidecar.client(options);
  client.chat("smart", "?").finish();
  auto metadata = sidecar.metadata();
  EXPECT_EQ(metadata["authorization"], "Bearer secret");
  EXPECT_EQ(metadata["traceparent"], "00-active");
  EXPECT_EQ(metadata["tracestate"], "vendor=1");
  EXPECT_EQ(metadata["user-agent"].rfind("remora-client-cpp/0.1.0", 0), 0U);

  remora::CallOptions call;
  call.trace.traceparent = "00-own";
  client.chat("smart", "?", call).finish();
  metadata = sidecar.metadata();
  EXPECT_EQ(metadata["traceparent"], "00-own");
  EXPECT_EQ(metadata.count("tracestate"), 0U);
}

TEST(Client, MakesUpNoTrace) {
  ScriptedSidecar sidecar(answer);
  sidecar.client().chat("smart", "?").finish();
  EXPECT_EQ(sidecar.metadata().count("traceparent"), 0U);
  EXPECT_EQ(sidecar.metadata().count("authorization"), 0U);
}

TEST(Client, ATraceThatNoHeaderCarriesIsRefusedBeforeAnythingIsSent) {
  ScriptedSidecar sidecar(answer);
  remora::CallOptions options;
  options.trace.traceparent = "00-\n";
  EXPECT_THROW(sidecar.client().chat("smart", "?", options), std::invalid_argument);
  options = {};
  options.timeout = milliseconds(0);
  EXPECT_THROW(sidecar.client().chat("smart", "?", options), std::invalid_argument);
  EXPECT_EQ(sidecar.calls(), 0);
}

TEST(Client, NeverRepeatsACall) {
  ScriptedSidecar sidecar([](auto& context, auto&) {
    context.AddTrailingMetadata("grpc-retry-pushback-ms", "1");
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "later");
  });
  const auto client = sidecar.client();
  EXPECT_THROW(client.chat("smart", "?").finish(), remora::Error);
  EXPECT_EQ(sidecar.calls(), 1);
}

TEST(Client, IsServingAsksTheStandardHealthService) {
  ScriptedSidecar sidecar(answer);
  EXPECT_TRUE(sidecar.client().is_serving());
}

TEST(Client, IsSharedByThreads) {
  ScriptedSidecar sidecar(answer);
  const auto client = sidecar.client();
  std::vector<std::thread> threads;
  std::atomic<int> answers{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) answers += client.chat("smart", "?").final_text() == "yes";
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answers, 160);
}

TEST(Client, TakesACenturyForNever) {
  ScriptedSidecar sidecar(answer);
  remora::CallOptions options;
  for (const auto timeout : {remora::no_timeout, milliseconds(INT64_MAX / 2)}) {
    options.timeout = timeout;
    EXPECT_EQ(sidecar.client().chat("smart", "?", options).final_text(), "yes");
  }
}
