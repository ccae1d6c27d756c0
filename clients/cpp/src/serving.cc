#include "serving.h"

#include <grpcpp/generic/generic_stub.h>

#include <string>

namespace remora::detail {
namespace {

// The messages are so small that they are read as bytes (github.com/grpc/grpc, health.proto: the
// request has a string `service` = 1, the answer an enum `status` = 1, whose SERVING is 1): an
// application may bring their classes along.
constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kServing[] = "\x08\x01";

}  // namespace

grpc::Status check_serving(const std::shared_ptr<grpc::Channel>& channel,
                           grpc::ClientContext& context, bool& is_serving) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, kCheck, grpc::ByteBuffer(nullptr, 0), &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->StartCall();
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool is_ok = false;
  queue.Next(&tag, &is_ok);
  grpc::Slice bytes;
  is_serving = status.ok() && answer.DumpToSingleSlice(&bytes).ok() &&
               std::string(bytes.begin(), bytes.end()) == kServing;
  return status;
}

}  // namespace remora::detail
