#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "scripted_sidecar.h"

using remora::ErrorKind;

namespace {

/// A script that sends these events and ends so.
ScriptedSidecar::Chatting sending(std::vector<remora::v1::ChatResponse> events,
                                  grpc::Status end = grpc::Status::OK) {
  return [events = std::move(events), end](grpc::ServerContext&, ScriptedSidecar::Writer& writer) {
    for (const auto& event : events) writer.Write(event);
    return end;
  };
}

ErrorKind kind_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const remora::Error& error) {
    return error.kind();
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST(Stream, GivesPiecesAndStaysAtItsEnd) {
  ScriptedSidecar sidecar(sending({text_event("a"), {}, text_event("b"), done_event()}));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  EXPECT_THROW(stream.message(), std::logic_error);
  EXPECT_EQ(stream.completed(), nullptr);
  EXPECT_EQ(stream.next_text(), "a");
  EXPECT_EQ(stream.next_text(), "b");
  EXPECT_EQ(stream.next_text(), std::nullopt);
  EXPECT_EQ(stream.next_text(), std::nullopt);
  EXPECT_EQ(stream.next(), nullptr);
  EXPECT_EQ(stream.final_text(), "ab");
  EXPECT_EQ(stream.completed()->usage().output_tokens(), 3);
  EXPECT_EQ(remora::text(stream.message()), "ab");
}

TEST(Stream, IsARangeThatAnotherLoopMayGoOnWith) {
  ScriptedSidecar sidecar(sending({text_event("a"), text_event("b"), done_event()}));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  for (const auto& event : stream) {
    EXPECT_EQ(event.text_delta().text(), "a");
    break;
  }
  EXPECT_EQ(std::count_if(stream.begin(), stream.end(), [](const auto&) { return true; }), 2);
  EXPECT_EQ(stream.text_so_far(), "ab");
}

TEST(Stream, VoidTextNeverLooksWhole) {
  ScriptedSidecar sidecar(
      sending({text_event("wrong"), restart_event(), text_event("right"), done_event()}));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  EXPECT_EQ(stream.next_text(), "wrong");
  EXPECT_EQ(kind_of([&] { stream.next_text(); }), ErrorKind::text_discarded);
  EXPECT_EQ(stream.text_so_far(), "");
  EXPECT_EQ(kind_of([&] { stream.next_text(); }), ErrorKind::text_discarded);
  EXPECT_EQ(stream.final_text(), "right");
  EXPECT_EQ(kind_of([&] { stream.next_text(); }), ErrorKind::text_discarded);
}

TEST(Stream, DiscardsAreToldToWhoTakesThemUp) {
  ScriptedSidecar sidecar(sending({text_event("a😀b"), discard_event(0, 2), text_event("c"),
                                   discard_event(0, 0), done_event()}));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  std::vector<std::string> told;
  while (auto piece = stream.next_text([&](const auto& text) { told.push_back("=" + text); })) {
    told.push_back(*piece);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a😀b", "=a😀", "c", "="}));
}

TEST(Stream, AnEndWithoutCompletedIsBroken) {
  ScriptedSidecar sidecar(sending({text_event("half")}));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  EXPECT_EQ(kind_of([&] { stream.finish(); }), ErrorKind::stream_broken);
  EXPECT_EQ(kind_of([&] { stream.next(); }), ErrorKind::stream_broken);
  EXPECT_EQ(stream.text_so_far(), "half");
}

TEST(Stream, AnErrorIsThrownAgainAndLeavesWhatCame) {
  ScriptedSidecar sidecar(
      sending({text_event("half")}, grpc::Status(grpc::StatusCode::INTERNAL, "e-1")));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(kind_of([&] { stream.final_text(); }), ErrorKind::internal);
  }
  EXPECT_EQ(stream.text_so_far(), "half");
}

TEST(Stream, AnErrorBehindCompletedIsNotMissed) {
  ScriptedSidecar sidecar(sending({done_event()}, grpc::Status(grpc::StatusCode::INTERNAL, "")));
  const auto client = sidecar.client();
  auto stream = client.chat("smart", "?");
  EXPECT_EQ(kind_of([&] { stream.finish(); }), ErrorKind::internal);
}

TEST(Stream, OutlivesItsClientAndMoves) {
  ScriptedSidecar sidecar(sending({text_event("a"), done_event()}));
  auto stream = [&] { return sidecar.client().chat("smart", "?"); }();
  auto moved = std::move(stream);
  EXPECT_EQ(moved.final_text(), "a");
}
