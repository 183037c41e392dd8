#include "core/event/worker_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace sipcm::event {
namespace {

constexpr size_t kLongestName = 15;  // Linux, without the NUL

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerThread>> WorkerThread::Create(const std::string& name) {
  SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<LibeventLoop> loop, LibeventLoop::Create());
  return std::unique_ptr<WorkerThread>(new WorkerThread(name, std::move(loop)));
}

absl::StatusOr<std::unique_ptr<WorkerThread>> WorkerThread::Start(const std::string& name) {
  SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<WorkerThread> worker, Create(name));
  SIPCM_RETURN_IF_ERROR(worker->Run());
  return worker;
}

absl::Status WorkerThread::Run() {
  try {
    thread_ = std::thread([loop = loop_.get()] { loop->Run(); });
  } catch (const std::system_error& error) {  // the standard library's only way to say so
    return MakeError(
        absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT",
        absl::StrCat("cannot start the thread \"", name_, "\": ", error.code().message(),
                     "; raise the limit on threads (ulimit -u) or on memory"));
  }
  pthread_setname_np(thread_.native_handle(), name_.substr(0, kLongestName).c_str());
  return absl::OkStatus();
}

void WorkerThread::StopAndJoin() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

}  // namespace sipcm::event
