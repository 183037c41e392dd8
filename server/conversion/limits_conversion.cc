#include "server/conversion/limits_conversion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

constexpr int kMost = 2147483647;

struct Limit {
  const char* field;
  int least;
  int most;
  int default_value;
};
constexpr Limit kLimits[] = {
    {"max_header_bytes", 1024, 1048576, 65536},
    // With the headers it has to fit a gRPC message, of which clients take 4 MiB by default.
    {"max_body_bytes", 0, 3670016, 1048576},
    {"max_write_queue_bytes", 4096, 67108864, 262144},
    {"max_connection_count", 1, kMost, kMost},
    {"max_connection_count_per_address", 1, kMost, kMost},
    {"max_handshake_count", 1, 1000000, 1024},
    {"max_header_count", 16, 10000, 256},
    {"max_waiting_request_count", 0, 1000000, 1000},
    {"max_queued_delivery_count", 0, 1000000, 1000},
    {"max_client_request_count", 0, 1000000, 20},
    {"max_allowed_domain_count", 1, 100000, 10000},
    {"max_chain_length", 1, 100, 10},
    {"max_pool_count", 1, 1000000, 100000},
};

}  // namespace

absl::Status NormalizeLimits(sipcm::v1::Limits* limits) {
  const google::protobuf::Reflection* reflection = limits->GetReflection();
  for (const Limit& limit : kLimits) {
    const auto* field = limits->GetDescriptor()->FindFieldByName(limit.field);
    if (!reflection->HasField(*limits, field)) {
      reflection->SetInt32(limits, field, limit.default_value);
      continue;
    }
    SIPCM_RETURN_IF_ERROR(
        CheckRange(reflection->GetInt32(*limits, field), limit.least, limit.most, limit.field));
  }
  return absl::OkStatus();
}

absl::Status NormalizeMarks(absl::string_view field, sipcm::v1::ThrottleMarks* marks) {
  SIPCM_RETURN_IF_ERROR(CheckRange(marks->high(), 0, kMost, absl::StrCat(field, ".high")));
  SIPCM_RETURN_IF_ERROR(CheckRange(marks->low(), 0, kMost, absl::StrCat(field, ".low")));
  if (marks->low() > marks->high()) {
    return BadField("THROTTLE_MARKS_REVERSED", absl::StrCat(field, ".low"),
                    absl::StrCat(marks->low(), " is above high, ", marks->high(),
                                 "; low has to be at most high"));
  }
  if (marks->high() > 0 && marks->low() == 0) marks->set_low(std::max(marks->high() / 2, 1));
  return absl::OkStatus();
}

engine::ThrottleMarks ToMarks(const sipcm::v1::ThrottleMarks& marks) {
  return {marks.high(), marks.low()};
}

}  // namespace sipcm::server
