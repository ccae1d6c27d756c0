#include "address.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

using remora::detail::target_of;

TEST(Address, TakesHostAndPort) {
  EXPECT_EQ(target_of("127.0.0.1:7650"), "dns:///127.0.0.1:7650");
  EXPECT_EQ(target_of("[::1]:7650"), "dns:///[::1]:7650");
  EXPECT_EQ(target_of("side-car.local:1"), "dns:///side-car.local:1");
  EXPECT_EQ(target_of("unix:65535"), "dns:///unix:65535");  // a host of that name, not a socket
}

TEST(Address, TakesSockets) {
  EXPECT_EQ(target_of("unix:///run/remora.sock"), "unix:///run/remora.sock");
  EXPECT_EQ(target_of("unix:///tmp/a b%é"), "unix:///tmp/a%20b%25%C3%A9");
  EXPECT_NO_THROW(target_of("unix:///" + std::string(106, 'x')));
}

TEST(Address, RefusesTheRest) {
  for (const char* address :
       {"", "localhost", ":7650", "localhost:", "localhost:0", "localhost:65536", "localhost:http",
        "::1:7650", "[::1]", "[]:1", "http://localhost:7650", "a b:1", "unix:", "unix://",
        "unix:///", "unix:relative", "unix://relative", "localhost:7650/path", "localhost:-1"}) {
    EXPECT_THROW(target_of(address), std::invalid_argument) << address;
  }
  EXPECT_THROW(target_of("unix:///" + std::string(107, 'x')), std::invalid_argument);
}
