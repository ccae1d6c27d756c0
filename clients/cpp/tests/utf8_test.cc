#include "utf8.h"

#include <gtest/gtest.h>

using remora::detail::bytes_of_code_points;
using remora::detail::is_utf8;

TEST(CodePoints, AreNeitherBytesNorUtf16Units) {
  const std::string_view text = "a😀é𝄞z";  // 1 + 4 + 2 + 4 + 1 bytes
  EXPECT_EQ(bytes_of_code_points(text, 0), 0U);
  EXPECT_EQ(bytes_of_code_points(text, 1), 1U);
  EXPECT_EQ(bytes_of_code_points(text, 2), 5U);
  EXPECT_EQ(bytes_of_code_points(text, 3), 7U);
  EXPECT_EQ(bytes_of_code_points(text, 4), 11U);
  EXPECT_EQ(bytes_of_code_points(text, 5), 12U);
  EXPECT_EQ(bytes_of_code_points(text, 99), 12U);
  EXPECT_EQ(bytes_of_code_points("", 3), 0U);
}

TEST(Utf8, TakesWhatIsUtf8) {
  for (const char* text : {"", "a", "é", "€", "\uFFFF", "😀", "\U0010FFFF", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesTheRest) {
  for (const char* text : {"\xe9", "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                           "\xe2\x82", "a\xf0\x9f\x98", "\xe2\x82\x28"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}
