// Exits with 0 if the client works as far as it can without a sidecar.

#include <iostream>

#include "remora/client.h"

#ifdef GRPC_CPP_VERSION_STRING
#error "the client's headers must not need gRPC's"
#endif

int main() {
  remora::ClientOptions options;
  options.connect_timeout = std::chrono::milliseconds(100);
  const remora::Client client(options);
  try {
    client.complete("smart", "Why is the sky blue?");
  } catch (const remora::Error& error) {
    if (error.kind() == remora::ErrorKind::sidecar_unreachable) return 0;
    std::cerr << error.what() << '\n';
  }
  return 1;
}
