#ifndef SIPCM_CLIENTS_CLI_COMMANDS_STREAM_READING_H_
#define SIPCM_CLIENTS_CLI_COMMANDS_STREAM_READING_H_

#include "clients/cli/session.h"

namespace sipcm::cli {

enum class Reading { kGoOn, kEnough };

// Reads what the server streams until it ends, which is reported when it is an error, or until
// `on_message` has enough and the call is cancelled. `Context` and `Stream` are those of gRPC.
template <typename Message, typename Context, typename Stream, typename OnMessage>
ExitStatus ReadStream(const Session& session, Context& context, Stream& stream,
                      OnMessage on_message) {
  Message message;
  while (stream.Read(&message)) {
    if (on_message(message) == Reading::kGoOn) continue;
    context.TryCancel();
    stream.Finish();
    return kDone;
  }
  const auto status = stream.Finish();
  return status.ok() ? kDone : session.Fail(status);
}

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_COMMANDS_STREAM_READING_H_
