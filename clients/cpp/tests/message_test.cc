#include "remora/message.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "remora/client.h"

namespace v1 = remora::v1;

TEST(Message, ATurnTakesTextsAndParts) {
  const auto turn = remora::user_message("What is this?", remora::image_part("\x89PNG\r\n"));
  EXPECT_EQ(turn.role(), v1::ROLE_USER);
  ASSERT_EQ(turn.parts_size(), 2);
  EXPECT_EQ(turn.parts(0).text(), "What is this?");
  EXPECT_EQ(turn.parts(1).image().media_type(), "image/png");
}

TEST(Message, ImagesAreToldByTheirBytes) {
  EXPECT_EQ(remora::image_part("\xff\xd8\xff\xe0").image().media_type(), "image/jpeg");
  EXPECT_EQ(remora::image_part("GIF89a").image().media_type(), "image/gif");
  EXPECT_EQ(remora::image_part("RIFF1234WEBP").image().media_type(), "image/webp");
  EXPECT_EQ(remora::image_part("?", "image/tiff").image().media_type(), "image/tiff");
  EXPECT_THROW(remora::image_part("?"), std::invalid_argument);
  EXPECT_THROW(remora::image_part(""), std::invalid_argument);
  EXPECT_FALSE(remora::image_url_part("https://a/b.png").image().has_media_type());
}

TEST(Message, ToolsAndTheirResults) {
  const auto result = remora::tool_result_message("c1", "no", true);
  EXPECT_EQ(result.role(), v1::ROLE_TOOL);
  EXPECT_EQ(result.parts(0).tool_result().tool_call_id(), "c1");
  EXPECT_TRUE(result.parts(0).tool_result().is_error());
  EXPECT_FALSE(remora::tool("f", "").has_parameters_json());
  const auto turn = remora::assistant_message(remora::tool_call_part("c1", "f"));
  EXPECT_EQ(remora::tool_calls(turn).at(0).arguments_json(), "{}");
  EXPECT_FALSE(remora::file_part("x", "application/pdf").file().has_filename());
  EXPECT_EQ(remora::audio_part("x", "audio/wav").audio().media_type(), "audio/wav");
}

TEST(Message, AChoiceOfAToolAndASchemaAreWhatARequestTakes) {
  auto request = remora::chat_request("m", "hi");
  *request.mutable_tool_choice() = remora::named_tool("f");
  EXPECT_EQ(request.tool_choice().mode(), v1::ToolChoice::MODE_NAMED);
  EXPECT_EQ(request.tool_choice().name(), "f");
  *request.mutable_response_format() = remora::json_schema(R"({"type": "object"})");
  EXPECT_EQ(request.response_format().kind(), v1::ResponseFormat::KIND_JSON_SCHEMA);
  EXPECT_EQ(request.response_format().schema_json(), R"({"type": "object"})");
  EXPECT_FALSE(request.response_format().has_schema_name());
  EXPECT_EQ(remora::json_schema("{}", "place").schema_name(), "place");
}

TEST(Prompt, IsTextAMessageOrAConversation) {
  EXPECT_EQ(remora::chat_request("m", "hi").messages(0).parts(0).text(), "hi");
  EXPECT_EQ(remora::chat_request("m", remora::system_message("s")).messages_size(), 1);
  EXPECT_EQ(remora::complete_request("m", {remora::system_message("s"), remora::user_message("u")})
                .messages_size(),
            2);
}

TEST(Name, EnumsLoseTheirPrefix) {
  EXPECT_EQ(remora::short_name(v1::ERROR_REASON_RATE_LIMITED), "RATE_LIMITED");
  EXPECT_EQ(remora::short_name(v1::ERROR_REASON_UNSPECIFIED), "");
  EXPECT_EQ(remora::short_name(static_cast<v1::ErrorReason>(999)), "999");
  EXPECT_EQ(remora::short_name(v1::FINISH_REASON_TOOL_CALLS), "TOOL_CALLS");
  EXPECT_EQ(remora::short_name(v1::BREAKER_STATE_HALF_OPEN), "HALF_OPEN");
}
