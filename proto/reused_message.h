#ifndef SIPCM_PROTO_REUSED_MESSAGE_H_
#define SIPCM_PROTO_REUSED_MESSAGE_H_

#include <google/protobuf/arena.h>

namespace sipcm {

// A message that is filled again and again, as the frames of a stream are: all of its parts lie in
// a few blocks that go with it, instead of an allocation for each. Neither copied nor moved.
// Thread: whoever fills it.
template <typename Message>
class ReusedMessage {
 public:
  ReusedMessage() { Renew(); }
  ReusedMessage(const ReusedMessage&) = delete;
  ReusedMessage& operator=(const ReusedMessage&) = delete;

  // An empty one. The former is gone with all that it held, and with it every pointer into it.
  Message* Renew() {
    arena_.Reset();
    message_ = google::protobuf::Arena::CreateMessage<Message>(&arena_);
    return message_;
  }
  // Valid until Renew().
  Message* get() const { return message_; }
  Message* operator->() const { return message_; }
  Message& operator*() const { return *message_; }

 private:
  // An empty one, as idle streams have, takes the first block; a full frame of 64 KiB a few more.
  static google::protobuf::ArenaOptions Blocks() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 2 * 1024;
    options.max_block_size = 32 * 1024;
    return options;
  }

  google::protobuf::Arena arena_{Blocks()};
  Message* message_ = nullptr;
};

}  // namespace sipcm

#endif  // SIPCM_PROTO_REUSED_MESSAGE_H_
