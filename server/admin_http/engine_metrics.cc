#include "server/admin_http/engine_metrics.h"

#include <prometheus/text_serializer.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/connection/close_reason.h"
#include "server/admin_http/metric_family.h"
#include "server/admin_http/pool_metrics.h"

namespace sipcm::server {
namespace {

using engine::EngineTotals;
using Family = MetricFamilyBuilder;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr const char* kDirections[] = {"incoming", "outgoing"};
constexpr const char* kTransports[] = {"tcp", "tls"};

std::vector<ClientMetric::Label> Labels(int direction, int transport) {
  return {{"direction", kDirections[direction]}, {"transport", kTransports[transport]}};
}

template <typename T>
MetricFamily PerConnectionKind(MetricType type, const char* name, const char* help,
                               const T (&values)[2][2]) {
  Family family(type, name, help);
  for (int d = 0; d < 2; ++d) {
    for (int t = 0; t < 2; ++t) family.Add(static_cast<double>(values[d][t]), Labels(d, t));
  }
  return family.Take();
}

MetricFamily PerState(const char* name, const char* help,
                      const std::map<std::string, int>& counts) {
  Family family(MetricType::Gauge, name, help);
  for (const auto& [state, count] : counts) family.Add(count, {{"state", state}});
  return family.Take();
}

MetricFamily Closed(const EngineTotals& totals) {
  Family family(MetricType::Counter, "sipcm_connections_closed_total",
                "Connections closed, by reason. Attempts that failed before there was a connection "
                "are in sipcm_pool_failed_attempts_total, by cause.");
  for (int d = 0; d < 2; ++d) {
    for (int t = 0; t < 2; ++t) {
      for (int r = 0; r < connection::kCloseReasonCount; ++r) {
        const uint64_t count = totals.connections_closed[d][t][r];
        if (count == 0) continue;  // 76 series that are never used tell nobody anything
        std::vector<ClientMetric::Label> labels = Labels(d, t);
        labels.push_back({"reason", std::string(connection::CloseReasonName(
                                        static_cast<connection::CloseReason>(r)))});
        family.Add(static_cast<double>(count), std::move(labels));
      }
    }
  }
  return family.Take();
}

MetricFamily AutomaticAnswers(const EngineTotals& totals) {
  Family family(MetricType::Counter, "sipcm_automatic_answers_total",
                "Requests that the server answered by itself, by status code.");
  int code = 0;
  for (const uint64_t count : totals.automatic_answers) {
    if (count > 0) family.Add(static_cast<double>(count), {{"code", absl::StrCat(code)}});
    ++code;
  }
  return family.Take();
}

// When the first of some things ends, if there are any.
MetricFamily Earliest(const char* name, const char* help, absl::Time end) {
  Family family(MetricType::Gauge, name, help);
  if (end != absl::InfiniteFuture()) {
    family.Add(static_cast<double>(absl::ToUnixSeconds(end)));
  }
  return family.Take();
}

// Both by mechanism.
void AddThrottling(const EngineTotals& totals, std::vector<MetricFamily>* families) {
  Family now(MetricType::Gauge, "sipcm_throttled",
             "Connections, managers and endpoints throttled now, by mechanism.");
  Family requests(MetricType::Counter, "sipcm_throttled_requests_total",
                  "Requests held back or refused by throttling, by mechanism.");
  for (int i = 0; i < engine::kThrottleMechanismCount; ++i) {
    const std::string name = engine::NameOf(static_cast<engine::ThrottleMechanism>(i));
    now.Add(static_cast<double>(totals.throttled[i]), {{"mechanism", name}});
    requests.Add(static_cast<double>(totals.throttled_requests[i]), {{"mechanism", name}});
  }
  families->push_back(now.Take());
  families->push_back(requests.Take());
}

void AddScalars(const EngineTotals& totals, std::vector<MetricFamily>* families) {
  struct Scalar {
    MetricType type;
    const char* name;
    const char* help;
    double value;
  };
  const auto number = [](auto value) { return static_cast<double>(value); };
  constexpr MetricType kGauge = MetricType::Gauge;
  constexpr MetricType kCounter = MetricType::Counter;
  const Scalar scalars[] = {
      {kGauge, "sipcm_pools", "Pools now.", number(totals.pools)},
      {kGauge, "sipcm_open_requests", "Requests not finally answered now.",
       number(totals.open_requests)},
      {kGauge, "sipcm_waiting_requests", "Requests that wait for credit now.",
       number(totals.waiting_requests)},
      {kGauge, "sipcm_open_sends", "Requests sent and not finally answered now.",
       number(totals.open_sends)},
      {kGauge, "sipcm_dialogs", "Dialogs that are kept now, those that begin included.",
       number(totals.dialogs)},
      {kGauge, "sipcm_subscriptions", "Open subscriptions now.", number(totals.subscriptions)},
      {kGauge, "sipcm_endpoints", "Endpoints now.", number(totals.endpoints)},
      {kGauge, "sipcm_connection_managers", "Connection managers now.", number(totals.managers)},
      {kCounter, "sipcm_accept_failures_total", "Accepts that failed.",
       number(totals.accept_failures)},
      {kCounter, "sipcm_requests_received_total", "SIP requests received.",
       number(totals.requests_in)},
      {kCounter, "sipcm_responses_received_total", "SIP responses received.",
       number(totals.responses_in)},
      {kCounter, "sipcm_stray_responses_received_total",
       "SIP responses that matched no request and were dropped.",
       number(totals.stray_responses_in)},
      {kCounter, "sipcm_malformed_messages_received_total", "Messages that were not well-formed.",
       number(totals.malformed_in)},
      {kCounter, "sipcm_requests_dispatched_total", "Requests handed to an application.",
       number(totals.requests_dispatched)},
      {kCounter, "sipcm_requests_redelivered_total",
       "Requests handed to another application after one was lost.",
       number(totals.requests_redelivered)},
      {kCounter, "sipcm_requests_expired_total", "Requests that no application answered in time.",
       number(totals.requests_expired)},
      {kCounter, "sipcm_requests_cancelled_total", "Requests that their sender cancelled.",
       number(totals.requests_cancelled)},
      {kCounter, "sipcm_responses_sent_total", "Responses of applications sent.",
       number(totals.responses_out)},
      {kCounter, "sipcm_requests_sent_total", "Requests of applications sent.",
       number(totals.requests_out)},
      {kCounter, "sipcm_requests_retried_total",
       "Requests put on a second connection, because of the first no byte went out.",
       number(totals.requests_retried)},
      {kCounter, "sipcm_wrong_server_proofs_total",
       "Responses whose server proved wrongly that it knows the password (rspauth).",
       number(totals.wrong_server_proofs)},
      {kCounter, "sipcm_sends_failed_total", "Requests of applications that failed.",
       number(totals.sends_failed)},
      {kCounter, "sipcm_tls_refused_total", "Peers refused by their certificate.",
       number(totals.tls_refused)},
  };
  for (const Scalar& scalar : scalars) {
    families->push_back(Family(scalar.type, scalar.name, scalar.help).Add(scalar.value).Take());
  }
}

}  // namespace

std::vector<MetricFamily> EngineMetrics::Collect() const {
  const EngineTotals totals = sources_.engine->GetTotals();
  std::vector<MetricFamily> families;
  families.push_back(PerConnectionKind(MetricType::Gauge, "sipcm_connections", "Connections now.",
                                       totals.connections));
  families.push_back(PerConnectionKind(MetricType::Counter, "sipcm_connections_opened_total",
                                       "Connections opened.", totals.connections_opened));
  families.push_back(Closed(totals));
  families.push_back(AutomaticAnswers(totals));
  AddThrottling(totals, &families);
  AddScalars(totals, &families);
  AddPoolMetrics(totals.pool_sums, &families);
  families.push_back(Earliest("sipcm_certificate_earliest_expire_time_seconds",
                              "When the certificate that ends first ends, in seconds since 1970; "
                              "none without certificates.",
                              sources_.earliest_certificate_end()));
  families.push_back(Earliest("sipcm_trust_bundle_earliest_expire_time_seconds",
                              "When the first certificate of all trust bundles ends, in seconds "
                              "since 1970; none without trust bundles.",
                              sources_.earliest_trust_bundle_end()));
  families.push_back(Earliest("sipcm_trust_bundle_earliest_crl_next_update_time_seconds",
                              "When the first CRL of all trust bundles is to be replaced, in "
                              "seconds since 1970; none without CRLs.",
                              sources_.earliest_crl_end()));
  families.push_back(
      PerState("sipcm_certificates", "Certificates now, by state.", sources_.certificate_states()));
  families.push_back(PerState("sipcm_trust_bundles", "Trust bundles now, by state.",
                              sources_.trust_bundle_states()));
  families.push_back(Family(MetricType::Gauge, "sipcm_connection_manager_warnings",
                            "Warnings in the states of all managers now.")
                         .Add(static_cast<double>(sources_.warning_count()))
                         .Take());
  return families;
}

std::string MetricsText(const prometheus::Collectable& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

}  // namespace sipcm::server
