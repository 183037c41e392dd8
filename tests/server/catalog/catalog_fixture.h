#ifndef SIPCM_TESTS_SERVER_CATALOG_CATALOG_FIXTURE_H_
#define SIPCM_TESTS_SERVER_CATALOG_CATALOG_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "core/base/error.h"
#include "google/protobuf/util/json_util.h"
#include "server/catalog/catalogs.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_file_watcher.h"

namespace sipcm::server {

// A request as a person types it.
template <typename T>
T FromJson(const std::string& json) {
  T message;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &message);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
  return message;
}

// What an asynchronous call answers.
template <typename T, typename Ask>
absl::StatusOr<T> Await(Ask ask) {
  absl::Notification answered;
  absl::StatusOr<T> answer;
  ask(Done<T>([&](absl::StatusOr<T> result) {
    answer = std::move(result);
    answered.Notify();
  }));
  answered.WaitForNotification();
  return answer;
}

// Keeps what catalogues tell. Thread: the test's, and whoever calls the catalogues.
class RecordingResourceEvents final : public ResourceEventSink {
 public:
  void OnResourceEvent(sipcm::v1::Event event) override {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
  }
  void OnResourceState(uint64_t round, ObjectClass object_class,
                       std::vector<sipcm::v1::Event> existing) override {
    absl::MutexLock lock(&mutex_);
    states_.push_back({round, object_class, std::move(existing)});
  }
  std::vector<sipcm::v1::Event> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(events_, {});
  }

  struct State {
    uint64_t round;
    ObjectClass object_class;
    std::vector<sipcm::v1::Event> existing;
  };
  std::vector<State> TakeStates() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(states_, {});
  }

 private:
  absl::Mutex mutex_;
  std::vector<sipcm::v1::Event> events_ ABSL_GUARDED_BY(mutex_);
  std::vector<State> states_ ABSL_GUARDED_BY(mutex_);
};

// All catalogues over a fake engine, at a time that stands still.
class CatalogTest : public testing::Test {
 protected:
  CatalogTest()
      : catalogs_(&engine_, {[this] { return Now(); }, "/no/such/file", &events_, &files_}) {}

  // Done the next time that a catalogue looks at the clock.
  void AtNextLook(std::function<void()> task) { at_next_look_ = std::move(task); }

  absl::StatusOr<sipcm::v1::ConnectionManager> CreateManager(const std::string& id,
                                                             const std::string& manager) {
    return catalogs_.managers.Create(FromJson<sipcm::v1::CreateConnectionManagerRequest>(
        "{\"connection_manager_id\":\"" + id + "\",\"connection_manager\":" + manager + "}"));
  }
  absl::StatusOr<sipcm::v1::Endpoint> CreateEndpoint(const std::string& id,
                                                     const std::string& endpoint) {
    return catalogs_.endpoints.Create(FromJson<sipcm::v1::CreateEndpointRequest>(
        "{\"endpoint_id\":\"" + id + "\",\"endpoint\":" + endpoint + "}"));
  }

  static void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                            const std::string& reason, const std::string& field) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
    EXPECT_EQ(FieldOf(status), field) << status;
  }
  static void ExpectInvalid(const absl::Status& status, const std::string& reason,
                            const std::string& field) {
    ExpectRefused(status, absl::StatusCode::kInvalidArgument, reason, field);
    EXPECT_EQ(status.message().substr(0, field.size()), field) << status;
  }

  absl::Time Now() {
    if (const auto task = std::exchange(at_next_look_, nullptr)) task();
    return now_;
  }

  std::function<void()> at_next_look_;
  absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  fakes::FakeEngine engine_;
  RecordingResourceEvents events_;
  fakes::FakeFileWatcher files_;
  Catalogs catalogs_;
};

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_CATALOG_CATALOG_FIXTURE_H_
