#include "status.h"

#include <gtest/gtest.h>

#include "remora/client/wire/status.pb.h"

using remora::Code;
using remora::ErrorKind;
using remora::detail::error_from;
namespace wire = remora::client::wire;

namespace {

template <class Message>
void add(wire::Status& status, const char* type, const Message& message) {
  auto& detail = *status.add_details();
  detail.set_type_url(std::string("type.googleapis.com/") + type);
  detail.set_value(message.SerializeAsString());
}

wire::Status status_of(const std::string& reason, const std::string& domain = "remora") {
  wire::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(domain);
  (*info.mutable_metadata())["request_id"] = "r-1";
  wire::Status status;
  add(status, "google.rpc.ErrorInfo", info);
  return status;
}

remora::Error decoded(Code code, const wire::Status& status) {
  return error_from(code, "the message", status.SerializeAsString(), {}, "here");
}

}  // namespace

TEST(Status, TheReasonGoesBeforeTheCode) {
  const std::pair<const char*, ErrorKind> kinds[] = {
      {"CONTEXT_LENGTH", ErrorKind::context_too_long},
      {"CONTENT_FILTERED", ErrorKind::content_filtered},
      {"RATE_LIMITED", ErrorKind::rate_limited},
      {"BUSY", ErrorKind::rate_limited},
      {"BILLING", ErrorKind::quota_exhausted},
      {"SPEND_LIMIT", ErrorKind::quota_exhausted},
      {"STREAM_BROKEN", ErrorKind::stream_broken},
      {"SOLAR_FLARE", ErrorKind::unavailable},
  };
  for (const auto& [reason, kind] : kinds) {
    const remora::Error error = decoded(Code::unavailable, status_of(reason));
    EXPECT_EQ(error.kind(), kind) << reason;
    EXPECT_EQ(error.reason(), reason);
    EXPECT_EQ(error.request_id(), "r-1");
  }
}

TEST(Status, EveryCodeHasItsKind) {
  const std::pair<Code, ErrorKind> kinds[] = {
      {Code::invalid_argument, ErrorKind::invalid_request},
      {Code::not_found, ErrorKind::not_found},
      {Code::unauthenticated, ErrorKind::unauthenticated},
      {Code::failed_precondition, ErrorKind::credentials_rejected},
      {Code::resource_exhausted, ErrorKind::resource_exhausted},
      {Code::unavailable, ErrorKind::sidecar_lost},
      {Code::deadline_exceeded, ErrorKind::deadline_exceeded},
      {Code::cancelled, ErrorKind::cancelled},
      {Code::unimplemented, ErrorKind::not_built},
      {Code::internal, ErrorKind::internal},
      {Code::data_loss, ErrorKind::other},
      {static_cast<Code>(99), ErrorKind::other},
  };
  for (const auto& [code, kind] : kinds) {
    EXPECT_EQ(decoded(code, {}).kind(), kind) << remora::to_string(code);
  }
}

TEST(Status, ADeadlineOfItsOwnIsSaidInItsOwnWords) {
  const remora::Error ours =
      error_from(Code::deadline_exceeded, "Stream removed (Deadline Exceeded)", "", {}, "here");
  EXPECT_EQ(ours.kind(), ErrorKind::deadline_exceeded);
  EXPECT_EQ(ours.message(), "the call's time ran out");
  const remora::Error theirs = decoded(Code::deadline_exceeded, status_of("DEADLINE"));
  EXPECT_EQ(theirs.kind(), ErrorKind::deadline_exceeded);
  EXPECT_EQ(theirs.message(), "the message");
}

TEST(Status, SomebodyElsesReasonSaysNothing) {
  const auto error = decoded(Code::failed_precondition, status_of("RATE_LIMITED", "example.org"));
  EXPECT_EQ(error.kind(), ErrorKind::credentials_rejected);
  EXPECT_EQ(error.reason(), "");
  EXPECT_EQ(decoded(Code::unavailable, status_of("X", "example.org")).kind(),
            ErrorKind::sidecar_lost);
}

TEST(Status, DetailsAreRead) {
  wire::Status status = status_of("OVERLOADED");
  wire::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'001);
  add(status, "google.rpc.RetryInfo", retry);
  wire::BadRequest bad;
  bad.add_field_violations()->set_field("top_p");
  add(status, "google.rpc.BadRequest", bad);
  remora::v1::FailoverReport report;
  report.set_failed_over(true);
  add(status, "remora.v1.FailoverReport", report);

  const auto error = decoded(Code::unavailable, status);
  EXPECT_EQ(error.retry_after(), std::chrono::milliseconds(1501));  // rounded up: never too early
  ASSERT_EQ(error.field_errors().size(), 1U);
  EXPECT_EQ(error.field_errors()[0].field, "top_p");
  ASSERT_TRUE(error.report());
  EXPECT_TRUE(error.report()->failed_over());
  EXPECT_STREQ(error.what(), "OVERLOADED: the message (request r-1)\n  top_p: ");
}

TEST(Status, BrokenDetailsCostOnlyThemselves) {
  const auto all = error_from(Code::invalid_argument, "", "\xff\xff\xff", {}, "here");
  EXPECT_EQ(all.kind(), ErrorKind::invalid_request);
  EXPECT_EQ(all.message(), "invalid argument");

  wire::Status status = status_of("OVERLOADED");
  status.add_details()->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  status.mutable_details(1)->set_value("\xff\xff");
  const auto one = decoded(Code::unavailable, status);
  EXPECT_EQ(one.reason(), "OVERLOADED");
  EXPECT_FALSE(one.retry_after());
}

TEST(Status, ARetryDelayStaysWithinBounds) {
  for (const auto& [seconds, nanos] : {std::pair<std::int64_t, int>{-5, 0}, {0, -5}}) {
    wire::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(seconds);
    retry.mutable_retry_delay()->set_nanos(nanos);
    wire::Status status;
    add(status, "google.rpc.RetryInfo", retry);
    EXPECT_EQ(decoded(Code::unavailable, status).retry_after()->count(), 0);
  }
  wire::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(INT64_MAX);
  wire::Status status;
  add(status, "google.rpc.RetryInfo", retry);
  EXPECT_GT(decoded(Code::unavailable, status).retry_after()->count(), 0);
}

TEST(Status, TrailersFillInForDetails) {
  const auto error = error_from(Code::internal, "m", "",
                                {{"remora-request-id", "r-2"}, {"remora-trace-id", "t-2"}}, "here");
  EXPECT_EQ(error.request_id(), "r-2");
  EXPECT_EQ(error.trace_id(), "t-2");
}
