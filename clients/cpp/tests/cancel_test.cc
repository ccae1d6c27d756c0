#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "scripted_sidecar.h"

using remora::ErrorKind;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// A sidecar that says a piece and then nothing until the caller hangs up.
class Hanging : public testing::Test {
 protected:
  ScriptedSidecar sidecar_{[this](auto& context, auto& writer) {
    writer.Write(text_event("half"));
    return sidecar_.wait_for_hang_up(context);
  }};
  const remora::Client client_ = sidecar_.client();
};

namespace {

remora::Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const remora::Error& error) {
    return error;
  }
  throw std::logic_error("nothing was thrown");
}

/// Does something from another thread in a tenth of a second.
class Soon {
 public:
  explicit Soon(std::function<void()> deed)
      : thread_([deed = std::move(deed)] {
          std::this_thread::sleep_for(milliseconds(100));
          deed();
        }) {}
  ~Soon() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace

TEST_F(Hanging, ADroppedStreamHangsUp) {
  {
    auto stream = client_.chat("smart", "?");
    EXPECT_EQ(stream.next_text(), "half");
  }
  EXPECT_TRUE(sidecar_.saw_hang_up());
}

TEST_F(Hanging, AStreamNeverReadHangsUp) {
  static_cast<void>(client_.chat("smart", "?"));
  SUCCEED();  // the call may be cancelled before the sidecar sees it
}

TEST_F(Hanging, ALoopOverATemporaryHangsUpWhenItIsLeft) {
  for (const auto& event : client_.chat("smart", "?")) {
    EXPECT_EQ(event.text_delta().text(), "half");
    break;
  }
  EXPECT_TRUE(sidecar_.saw_hang_up());
}

TEST_F(Hanging, AssignmentHangsUpOnTheOldStream) {
  std::optional<remora::ChatStream> stream = client_.chat("smart", "?");
  stream->next_text();
  *stream = client_.chat("smart", "?");
  EXPECT_TRUE(sidecar_.saw_hang_up());
}

TEST_F(Hanging, CancelEndsAReadOfAnotherThread) {
  auto stream = client_.chat("smart", "?");
  EXPECT_EQ(stream.next_text(), "half");
  const Soon soon([&] { stream.cancel(); });
  const auto error = error_of([&] { stream.next_text(); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_EQ(error.reason(), "CANCELLED");
  EXPECT_EQ(error_of([&] { stream.next(); }).kind(), ErrorKind::cancelled);
  EXPECT_EQ(stream.text_so_far(), "half");
  EXPECT_TRUE(sidecar_.saw_hang_up());
}

TEST_F(Hanging, ACancellationEndsAUnaryCall) {
  remora::CallOptions options;
  options.cancellation = remora::Cancellation();
  const Soon soon([stop = *options.cancellation] { stop.cancel(); });
  EXPECT_EQ(error_of([&] { client_.complete("smart", "?", options); }).kind(),
            ErrorKind::cancelled);
  EXPECT_TRUE(sidecar_.saw_hang_up());
  EXPECT_TRUE(options.cancellation->is_cancelled());
  const auto later = error_of([&] { client_.complete("smart", "?", options); });
  EXPECT_EQ(later.kind(), ErrorKind::cancelled);
  EXPECT_FALSE(later.code());  // nothing was sent
}

TEST_F(Hanging, CloseEndsEverything) {
  auto stream = client_.chat("smart", "?");
  stream.next_text();
  const Soon soon([&] { client_.close(); });
  EXPECT_EQ(error_of([&] { stream.finish(); }).kind(), ErrorKind::cancelled);
  EXPECT_EQ(error_of([&] { client_.chat("smart", "?"); }).kind(), ErrorKind::cancelled);
}

TEST_F(Hanging, TheDeadlineEndsACallAndLeavesWhatCame) {
  remora::CallOptions options;
  options.timeout = milliseconds(1500);
  auto stream = client_.chat("smart", "?", options);
  const auto error = error_of([&] { stream.finish(); });
  EXPECT_EQ(error.kind(), ErrorKind::deadline_exceeded);
  EXPECT_EQ(error.code(), remora::Code::deadline_exceeded);
  EXPECT_EQ(stream.text_so_far(), "half");
  EXPECT_TRUE(sidecar_.saw_hang_up());
}

TEST(Waiting, TakesNoticeOfACancellation) {
  remora::ClientOptions settings;
  settings.address = "127.0.0.1:1";
  settings.connect_timeout = std::chrono::seconds(20);
  const remora::Client client(settings);
  remora::CallOptions options;
  options.cancellation = remora::Cancellation();
  const Soon soon([stop = *options.cancellation] { stop.cancel(); });
  const auto began = Clock::now();
  EXPECT_EQ(error_of([&] { client.chat("smart", "?", options); }).kind(), ErrorKind::cancelled);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(15));
}
