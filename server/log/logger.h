#ifndef SIPCM_SERVER_LOG_LOGGER_H_
#define SIPCM_SERVER_LOG_LOGGER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/log/log_line.h"
#include "server/log/rate_limit.h"

namespace sipcm::server {

// Where events become lines: at most 100 a second of each kind, the rest counted. Any thread;
// never waits for whoever reads the lines.
class Logger {
 public:
  static constexpr int kLinesPerSecond = 100;

  // Takes whole lines, without line end; called under no lock, from any thread, must not block.
  using Write = std::function<void(const std::string& line)>;
  struct Options {
    LogFormat format = LogFormat::kText;
    LogLevel level = LogLevel::kInfo;  // less is not written
    std::function<absl::Time()> now;
    Write write;
  };
  explicit Logger(Options options) : options_(std::move(options)), limit_(kLinesPerSecond) {}

  bool IsOn(LogLevel level) const { return level >= options_.level; }
  void Log(LogLevel level, absl::string_view event, const LogFields& fields);
  // False: `event` has had its lines of this second. For callers whose fields are costly.
  bool Admit(LogLevel level, absl::string_view event);
  // The line of an admitted event.
  void WriteAdmitted(LogLevel level, absl::string_view event, const LogFields& fields);

  // Says what was dropped in the seconds before. Call it about once a second, and at the end.
  void ReportDropped();

 private:
  const Options options_;
  absl::Mutex mutex_;
  RateLimit limit_ ABSL_GUARDED_BY(mutex_);
};

// Writes to standard error on a thread of its own (spdlog): a bounded queue of which the oldest
// lines go when the reader does not keep up. One per process; flushes when it is destroyed.
class StandardErrorLog {
 public:
  StandardErrorLog();
  ~StandardErrorLog();
  Logger::Write writer();

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_LOGGER_H_
