#include "settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "remora/client.h"

using remora::ClientOptions;
using remora::detail::settings_from;
using std::chrono::milliseconds;

class Settings : public testing::Test {
 protected:
  void SetUp() override { TearDown(); }
  void TearDown() override {
    unsetenv("REMORA_ADDRESS");
    unsetenv("REMORA_TOKEN");
  }
};

TEST_F(Settings, TheArgumentGoesBeforeTheEnvironmentBeforeTheDefault) {
  EXPECT_EQ(settings_from({}).address, "127.0.0.1:7650");
  EXPECT_EQ(settings_from({}).token, "");
  setenv("REMORA_ADDRESS", "there:1", 1);
  setenv("REMORA_TOKEN", "secret", 1);
  EXPECT_EQ(settings_from({}).address, "there:1");
  EXPECT_EQ(settings_from({}).token, "secret");
  ClientOptions options;
  options.address = "here:2";
  options.token = "own";
  EXPECT_EQ(settings_from(options).address, "here:2");
  EXPECT_EQ(settings_from(options).token, "own");
  EXPECT_EQ(remora::Client().address(), "there:1");
}

TEST_F(Settings, AnEmptyVariableIsNone) {
  setenv("REMORA_ADDRESS", "", 1);
  EXPECT_EQ(settings_from({}).address, "127.0.0.1:7650");
}

TEST_F(Settings, WhatCannotBeIsRefusedAtOnce) {
  ClientOptions options;
  options.timeout = milliseconds(0);
  EXPECT_THROW(remora::Client{options}, std::invalid_argument);
  options.timeout = remora::no_timeout;
  EXPECT_NO_THROW(remora::Client{options});
  options.connect_timeout = remora::no_timeout;
  EXPECT_THROW(remora::Client{options}, std::invalid_argument);
  options = {};
  options.address = "nowhere";
  EXPECT_THROW(remora::Client{options}, std::invalid_argument);
}

TEST_F(Settings, ATokenThatNoHeaderCarriesIsRefusedUnshown) {
  ClientOptions options;
  options.token = "secret\n";
  try {
    remora::Client client(options);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
}

TEST(Traceparent, IsW3Cs) {
  EXPECT_EQ(remora::traceparent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}
