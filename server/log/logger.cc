#include "server/log/logger.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sipcm::server {

bool Logger::Admit(LogLevel level, absl::string_view event) {
  if (!IsOn(level)) return false;
  absl::MutexLock lock(&mutex_);
  return limit_.Admit(event, options_.now());
}

void Logger::WriteAdmitted(LogLevel level, absl::string_view event, const LogFields& fields) {
  options_.write(FormatLogLine(options_.format, options_.now(), level, event, fields));
}

void Logger::Log(LogLevel level, absl::string_view event, const LogFields& fields) {
  if (Admit(level, event)) WriteAdmitted(level, event, fields);
}

void Logger::ReportDropped() {
  std::vector<RateLimit::Dropped> dropped;
  {
    absl::MutexLock lock(&mutex_);
    dropped = limit_.TakeDropped(options_.now());
  }
  for (const RateLimit::Dropped& event : dropped) {
    WriteAdmitted(LogLevel::kWarning, "log_lines_dropped",
                  {{"dropped_event", event.event}, {"count", absl::StrCat(event.count)}});
  }
}

class StandardErrorLog::Queue {
 public:
  static constexpr size_t kMaxLines = 8192;

  Queue()
      : pool_(std::make_shared<spdlog::details::thread_pool>(kMaxLines, 1)),
        logger_(std::make_shared<spdlog::async_logger>(
            "sipcm", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool_,
            spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_pattern("%v");
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
  }
  ~Queue() { logger_->flush(); }

  void Write(const std::string& line) { logger_->log(spdlog::level::info, line); }

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

StandardErrorLog::StandardErrorLog() : queue_(std::make_shared<Queue>()) {}
StandardErrorLog::~StandardErrorLog() = default;

Logger::Write StandardErrorLog::writer() {
  return [queue = queue_](const std::string& line) { queue->Write(line); };
}

}  // namespace sipcm::server
