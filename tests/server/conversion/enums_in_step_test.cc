// Every word of core that is an enum of the API has its value there.

#include <gtest/gtest.h>

#include "core/connection/close_reason.h"
#include "core/pool/statistics/failure_cause.h"
#include "proto/sipcm/v1/send.pb.h"
#include "server/conversion/connection_conversion.h"
#include "server/conversion/endpoint_conversion.h"
#include "server/conversion/peer_conversion.h"

namespace sipcm::server {
namespace {

TEST(EnumsInStepTest, EveryCloseReasonIsInTheApi) {
  for (int i = 0; i < connection::kCloseReasonCount; ++i) {
    const auto reason = static_cast<connection::CloseReason>(i);
    EXPECT_NE(ToProto(reason), sipcm::v1::Connection::CLOSE_REASON_UNSPECIFIED)
        << connection::CloseReasonName(reason);
  }
}

TEST(EnumsInStepTest, EveryDispatchReasonIsInTheApi) {
  for (int i = 0; i <= static_cast<int>(dispatch::DispatchReason::kAutomaticAnswer); ++i) {
    EXPECT_NE(ToProto(static_cast<dispatch::DispatchReason>(i)),
              sipcm::v1::DISPATCH_REASON_UNSPECIFIED)
        << i;
  }
}

TEST(EnumsInStepTest, EveryRefusalOfAPeerIsInTheApi) {
  for (int i = 1; i <= static_cast<int>(tls::PeerRefusal::kNameMismatch); ++i) {
    tls::PeerVerdict verdict;
    verdict.refusal = static_cast<tls::PeerRefusal>(i);
    const sipcm::v1::PeerVerdict shown = ToProto(verdict);
    EXPECT_EQ(shown.decision(), sipcm::v1::PeerVerdict::DENIED);
    EXPECT_NE(shown.rule(), sipcm::v1::PeerVerdict::RULE_UNSPECIFIED) << i;
    EXPECT_NE(shown.alert(), "") << i;
  }
  EXPECT_EQ(ToProto(tls::PeerVerdict()).decision(), sipcm::v1::PeerVerdict::ALLOWED);
}

TEST(EnumsInStepTest, EveryCauseOfAFailedAttemptIsInTheApi) {
  for (int i = 0; i < pool::kFailureCauseCount; ++i) {
    const std::string word(pool::FailureCauseName(static_cast<pool::FailureCause>(i)));
    sipcm::v1::SendFailure::Cause cause;
    EXPECT_TRUE(sipcm::v1::SendFailure::Cause_Parse(word, &cause)) << word;
  }
}

}  // namespace
}  // namespace sipcm::server
