#include "base64.h"

#include <gtest/gtest.h>

#include <stdexcept>

TEST(Base64, IsRfc4648s) {
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_encoded(bytes), text);
    EXPECT_EQ(base64_decoded(text), bytes);
  }
  EXPECT_EQ(base64_decoded("/+8="), "\xff\xef");
  EXPECT_THROW(base64_decoded("!"), std::invalid_argument);
}
