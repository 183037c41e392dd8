#include "core/sip/header_id.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(HeaderIdTest, EveryHeaderIsFoundByItsNameInAnyCase) {
  for (size_t i = 1; i < kHeaderIdCount; ++i) {
    const HeaderId id = static_cast<HeaderId>(i);
    const std::string name(HeaderName(id));
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(LookupHeader(name), id) << name;
    EXPECT_EQ(LookupHeader(absl::AsciiStrToLower(name)), id) << name;
    EXPECT_EQ(LookupHeader(absl::AsciiStrToUpper(name)), id) << name;
    EXPECT_EQ(LookupHeader(name + "x"), HeaderId::kUnknown) << name;
  }
  EXPECT_EQ(HeaderName(HeaderId::kUnknown), "");
}

TEST(HeaderIdTest, CompactFormsAreTheSameHeader) {
  const std::pair<const char*, HeaderId> forms[] = {
      {"a", HeaderId::kAcceptContact},   {"b", HeaderId::kReferredBy},
      {"c", HeaderId::kContentType},     {"d", HeaderId::kRequestDisposition},
      {"e", HeaderId::kContentEncoding}, {"f", HeaderId::kFrom},
      {"i", HeaderId::kCallId},          {"j", HeaderId::kRejectContact},
      {"k", HeaderId::kSupported},       {"l", HeaderId::kContentLength},
      {"m", HeaderId::kContact},         {"n", HeaderId::kIdentityInfo},
      {"o", HeaderId::kEvent},           {"r", HeaderId::kReferTo},
      {"s", HeaderId::kSubject},         {"t", HeaderId::kTo},
      {"u", HeaderId::kAllowEvents},     {"v", HeaderId::kVia},
      {"x", HeaderId::kSessionExpires},  {"y", HeaderId::kIdentity},
  };
  for (const auto& [name, id] : forms) {
    EXPECT_EQ(LookupHeader(name), id) << name;
    EXPECT_EQ(LookupHeader(absl::AsciiStrToUpper(name)), id) << name;
  }
  for (const char* name : {"g", "h", "p", "q", "w", "z", "1", "-", "*", "%"}) {
    EXPECT_EQ(LookupHeader(name), HeaderId::kUnknown) << name;
  }
}

TEST(HeaderIdTest, EscapedOrSimilarNamesAreUnknown) {
  for (const char* name : {"C%6Fntact", "Content_Length", "Content-Length-", "Viaa", "Fro", "",
                           "Vi", "extensionHeader-!.%*+_`'~"}) {
    EXPECT_EQ(LookupHeader(name), HeaderId::kUnknown) << name;
  }
}

TEST(HeaderIdTest, HeadersThatIdentifyATransactionOccurOnce) {
  for (HeaderId id : {HeaderId::kFrom, HeaderId::kTo, HeaderId::kCallId, HeaderId::kCseq,
                      HeaderId::kMaxForwards, HeaderId::kContentLength, HeaderId::kContentType}) {
    EXPECT_EQ(HeaderOccurrence(id), Occurrence::kSingle) << HeaderName(id);
  }
  for (HeaderId id : {HeaderId::kVia, HeaderId::kRoute, HeaderId::kContact, HeaderId::kUnknown,
                      HeaderId::kAuthorization}) {
    EXPECT_EQ(HeaderOccurrence(id), Occurrence::kList) << HeaderName(id);
  }
}

}  // namespace
}  // namespace sipcm::sip
