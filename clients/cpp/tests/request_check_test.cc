#include "request_check.h"

#include <gtest/gtest.h>

#include "connection.h"
#include "remora/client.h"

using remora::detail::check_request;
using remora::detail::kMaxMessageBytes;

namespace {

remora::Error refused(const google::protobuf::Message& request, std::size_t max_bytes) {
  try {
    check_request(request, max_bytes);
  } catch (const remora::Error& error) {
    return error;
  }
  throw std::logic_error("it was not refused");
}

}  // namespace

TEST(RequestCheck, TheLimitItselfIsAllowed) {
  const auto request = remora::chat_request("smart", std::string(1000, 'x'));
  EXPECT_NO_THROW(check_request(request, request.ByteSizeLong()));
  const auto error = refused(request, request.ByteSizeLong() - 1);
  EXPECT_EQ(error.kind(), remora::ErrorKind::request_too_large);
  EXPECT_FALSE(error.code());
}

TEST(RequestCheck, SaysHowLargeIsTooLarge) {
  const auto request = remora::chat_request("", std::string(33'554'432, 'x'));
  EXPECT_EQ(
      refused(request, kMaxMessageBytes).message(),
      "the request has 33,554,449 bytes, 17 over the limit of 33,554,432 (32 MiB): give large "
      "images and documents as URLs");
}

TEST(RequestCheck, NamesTextThatIsNotUtf8) {
  auto request = remora::chat_request(
      "smart", {remora::user_message("fine"), remora::user_message("fine", "caf\xe9")});
  request.add_stop("\xff");
  *request.mutable_messages(0)->add_parts() =
      remora::image_part("\x89PNG\xff");  // bytes may be any
  const auto error = refused(request, kMaxMessageBytes);
  EXPECT_EQ(error.kind(), remora::ErrorKind::invalid_request);
  ASSERT_EQ(error.field_errors().size(), 2U);
  EXPECT_EQ(error.field_errors()[0].field, "messages[1].parts[1].text");
  EXPECT_EQ(error.field_errors()[1].field, "stop[0]");
  EXPECT_EQ(std::string(error.what()).find("caf"), std::string::npos);
}
