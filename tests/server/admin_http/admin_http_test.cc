#include "server/admin_http/admin_http.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "server/admin_http/engine_metrics.h"
#include "tests/fakes/fake_engine.h"

namespace sipcm::server {
namespace {

class AdminHttpTest : public testing::Test {
 protected:
  AdminHttpTest() {
    auto http =
        AdminHttp::Start(*net::SocketAddress::Parse("127.0.0.1:0"),
                         {[this] {
                            return AdminHttp::Health{serving_, serving_ ? "ok" : "draining"};
                          },
                          [this] { return MetricsText(metrics_); }});
    EXPECT_TRUE(http.ok()) << http.status();
    http_ = *std::move(http);
    client_ = std::make_unique<httplib::Client>("127.0.0.1", http_->address().port);
  }

  std::atomic<bool> serving_ = true;
  absl::Time earliest_end_ = absl::FromUnixSeconds(1'800'000'000);
  fakes::FakeEngine engine_;
  EngineMetrics metrics_{{&engine_, [this] { return earliest_end_; },
                          [this] { return earliest_end_ + absl::Seconds(1); },
                          [this] { return earliest_end_ + absl::Seconds(2); },
                          [] { return size_t{2}; },
                          [] {
                            return std::map<std::string, int>{{"expiring", 3}};
                          },
                          [] {
                            return std::map<std::string, int>{{"valid", 1}};
                          }}};
  std::unique_ptr<AdminHttp> http_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(AdminHttpTest, HealthzSaysWhetherItServes) {
  EXPECT_NE(http_->address().port, 0);
  EXPECT_EQ(client_->Get("/healthz")->status, 200);
  EXPECT_EQ(client_->Get("/healthz")->body, "ok\n");
  serving_ = false;
  EXPECT_EQ(client_->Get("/healthz")->status, 503);
  EXPECT_EQ(client_->Get("/healthz")->body, "draining\n");
  EXPECT_EQ(client_->Get("/else")->status, 404);
}

TEST_F(AdminHttpTest, MetricsHaveTheEnginesTotals) {
  engine::EngineTotals totals;
  totals.connections[0][1] = 3;
  totals.connections_closed[1][1][static_cast<int>(connection::CloseReason::kIdle)] = 4;
  totals.automatic_answers[480] = 5;
  totals.requests_in = 6;
  engine_.SetTotals(totals);
  const auto response = client_->Get("/metrics");
  EXPECT_TRUE(absl::StartsWith(response->get_header_value("Content-Type"), "text/plain"));
  for (const char* line :
       {"sipcm_connections{direction=\"incoming\",transport=\"tls\"} 3\n",
        "sipcm_connections_closed_total{direction=\"outgoing\",transport=\"tls\",reason=\"idle\"} "
        "4",
        "sipcm_automatic_answers_total{code=\"480\"} 5\n", "sipcm_requests_received_total 6\n",
        "sipcm_certificate_earliest_expire_time_seconds 1800000000\n",
        "sipcm_trust_bundle_earliest_expire_time_seconds 1800000001\n",
        "sipcm_trust_bundle_earliest_crl_next_update_time_seconds 1800000002\n",
        "sipcm_certificates{state=\"expiring\"} 3\n", "sipcm_trust_bundles{state=\"valid\"} 1\n",
        "sipcm_connection_manager_warnings 2\n", "# TYPE sipcm_connections gauge\n",
        "# TYPE sipcm_connections_closed_total counter\n"}) {
    EXPECT_TRUE(absl::StrContains(response->body, line)) << line << response->body;
  }
}

TEST_F(AdminHttpTest, EachCloseReasonIsALabelOfItsWord) {
  engine::EngineTotals totals;
  for (uint64_t& count : totals.connections_closed[0][0]) count = 1;
  engine_.SetTotals(totals);
  const std::string body = client_->Get("/metrics")->body;
  for (int i = 0; i < connection::kCloseReasonCount; ++i) {
    const auto word = connection::CloseReasonName(static_cast<connection::CloseReason>(i));
    EXPECT_TRUE(absl::StrContains(body, "reason=\"" + std::string(word) + "\"} 1\n")) << word;
  }
}

TEST_F(AdminHttpTest, MetricsHaveWhatAllPoolsDoTogether) {
  engine::EngineTotals totals;
  totals.requests_retried = 3;
  totals.wrong_server_proofs = 2;
  pool::PoolSums& sums = totals.pool_sums;
  sums.established = 4;
  sums.connecting = 1;
  sums.busy = 2;
  sums.waits[1] = 5;                           // up to 5 ms
  sums.waits[pool::kWaitBucketCount - 1] = 1;  // more than 5 s
  sums.wait_microseconds = 7500000;
  sums.waits_refused = 6;
  sums.backed_off = 8;
  sums.failed_attempts[static_cast<int>(pool::FailureCause::kConnectRefused)] = 9;
  engine_.SetTotals(totals);
  const std::string body = client_->Get("/metrics")->body;
  for (const char* line :
       {"sipcm_pool_connections{state=\"established\"} 4\n",
        "sipcm_pool_connections{state=\"connecting\"} 1\n", "sipcm_pool_busy_connections 2\n",
        "# TYPE sipcm_pool_wait_seconds histogram\n",
        "sipcm_pool_wait_seconds_bucket{le=\"0.001\"} 0\n",
        "sipcm_pool_wait_seconds_bucket{le=\"0.005\"} 5\n",
        "sipcm_pool_wait_seconds_bucket{le=\"5\"} 5\n",
        "sipcm_pool_wait_seconds_bucket{le=\"+Inf\"} 6\n", "sipcm_pool_wait_seconds_count 6\n",
        "sipcm_pool_wait_seconds_sum 7.5\n",
        "sipcm_pool_requests_refused_total{cause=\"WAIT_QUEUE_FULL\"} 6\n",
        "sipcm_pool_requests_refused_total{cause=\"TARGETS_BACKING_OFF\"} 8\n",
        "sipcm_pool_failed_attempts_total{cause=\"CONNECT_REFUSED\"} 9\n",
        "sipcm_requests_retried_total 3\n", "sipcm_wrong_server_proofs_total 2\n"}) {
    EXPECT_TRUE(absl::StrContains(body, line)) << line << body;
  }
}

TEST_F(AdminHttpTest, WithoutCertificatesNoneEnds) {
  earliest_end_ = absl::InfiniteFuture();
  const std::string body = client_->Get("/metrics")->body;
  for (const char* name : {"\nsipcm_certificate_earliest_expire_time_seconds",
                           "\nsipcm_trust_bundle_earliest_expire_time_seconds",
                           "\nsipcm_trust_bundle_earliest_crl_next_update_time_seconds"}) {
    EXPECT_FALSE(absl::StrContains(body, name));
  }
}

TEST_F(AdminHttpTest, ATakenPortIsNamed) {
  const auto second = AdminHttp::Start(http_->address(), {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(second.status()), "ADDRESS_IN_USE");
  EXPECT_TRUE(absl::StrContains(second.status().message(), http_->address().ToString()));
}

}  // namespace
}  // namespace sipcm::server
