#ifndef SIPCM_SERVER_LOG_LOG_LINE_H_
#define SIPCM_SERVER_LOG_LOG_LINE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sipcm::server {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarning, kError };
enum class LogFormat : unsigned char { kText, kJson };

absl::string_view LogLevelName(LogLevel level);  // "info"

// "manager" = "edge". Keys are ours: lower-case words.
using LogFields = std::vector<std::pair<absl::string_view, std::string>>;

// One event as one line without its line end:
//   2026-11-22T08:31:00.123Z info connection_closed manager=edge reason=idle detail="a b"
//   {"time":"2026-11-22T08:31:00.123Z","level":"info","event":"connection_closed",...}
// Whatever the values hold, the line has no control character (ANSI sequences, line ends) and is
// valid UTF-8: foreign bytes are escaped. Values are cut at 1,000 bytes.
std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view event, const LogFields& fields);

// `text` for a terminal: control characters, line ends too, and what is not UTF-8 become \xNN.
std::string PrintableLine(absl::string_view text);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_LOG_LINE_H_
