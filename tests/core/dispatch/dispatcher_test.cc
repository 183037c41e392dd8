#include "core/dispatch/dispatcher.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/random_source.h"
#include "core/dispatch/contact_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_endpoint.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class DispatcherTest : public ::testing::Test {
 protected:
  void Add(const TestEndpoint& endpoint) {
    const absl::Status put = directory_->Put(endpoint.MakeEntry());
    ASSERT_TRUE(put.ok()) << put;
  }

  // "endpoint by reason", or "status by automatic_answer"; the same with and without steps.
  std::string Decide(const TestRequest& request, const std::string& flow = "") {
    const ParsedText parsed(request);
    EXPECT_TRUE(parsed.verdict.ok()) << parsed.verdict.reason;
    const DispatchDecision quiet = Dispatch({parsed.view, flow}, *directory_, policy_);
    std::vector<DispatchStep> steps;
    const DispatchDecision told = Dispatch({parsed.view, flow}, *directory_, policy_, &steps);
    EXPECT_EQ(quiet.reason, told.reason);
    EXPECT_EQ(quiet.entry, told.entry);
    EXPECT_EQ(quiet.situation, told.situation);
    EXPECT_THAT(steps, Not(SizeIs(0)));
    steps_.clear();
    for (const DispatchStep& step : steps) {
      EXPECT_FALSE(step.explanation.empty());
      absl::StrAppend(&steps_, step.explanation, "\n");
    }
    // The last one that is told is the one that decided, and no step comes before a former one.
    EXPECT_EQ(steps.back().reason, quiet.reason) << steps_;
    for (size_t i = 1; i < steps.size(); ++i) EXPECT_LE(steps[i - 1].reason, steps[i].reason);
    EXPECT_EQ(quiet.entry == nullptr, quiet.reason == DispatchReason::kAutomaticAnswer);
    return absl::StrCat(quiet.entry == nullptr ? absl::StrCat(StatusCodeOf(quiet.situation))
                                               : quiet.entry->endpoint->id,
                        " by ", DispatchReasonName(quiet.reason));
  }
  std::string DecideFor(const std::string& uri, const std::string& to = "<sip:nobody@nowhere>") {
    return Decide({.uri = uri, .to = to});
  }

  std::shared_ptr<EndpointDirectory> directory_ = std::make_shared<EndpointDirectory>();
  DispatchPolicy policy_;
  std::string steps_;
};

constexpr char kInstance[] = "urn:uuid:F81D4FAE-7dec-11d0-a765-00a0c91e6bf6";

TEST_F(DispatcherTest, Step2APublicGruuDecidesBeforeTheAddress) {
  const std::string gruu = absl::StrCat("sip:alice@example.com;gr=", kInstance);
  Add({.id = "desk", .address = "sip:alice@example.com", .endpoint_id = "1", .gruus = {gruu}});
  Add({.id = "phone", .address = "sip:alice@example.com", .endpoint_id = "2"});
  EXPECT_EQ(DecideFor(gruu), "desk by gruu");
  EXPECT_THAT(steps_, HasSubstr("step 2: the GRUU"));
  EXPECT_EQ(DecideFor("sips:alice@EXAMPLE.com:5071;transport=tls;gr=urn:uuid:"
                      "f81d4fae-7DEC-11d0-a765-00a0c91e6bf6"),
            "desk by gruu");
  EXPECT_EQ(DecideFor(gruu, "<sip:alice@example.com>;epid=2"), "desk by gruu");
  EXPECT_EQ(DecideFor("sip:bob@example.com;gr=" + std::string(kInstance)),
            "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step2ATemporaryGruuHidesTheAddress) {
  Add({.id = "alice",
       .address = "sip:alice@example.com",
       .gruus = {"sip:tgruu.7hs==jd7vnzga5w7@example.com;gr"}});
  EXPECT_EQ(DecideFor("sip:tgruu.7hs==jd7vnzga5w7@example.com;gr"), "alice by gruu");
  EXPECT_EQ(DecideFor("sip:tgruu.7hs==jd7vnzga5w7@example.com"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:tgruu.other@example.com;gr"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step2TheOpaqueFormNamesTheEpid) {
  Add({.id = "desk", .address = "sip:alice@example.com", .endpoint_id = "0a1b"});
  Add({.id = "phone", .address = "sip:alice@example.com", .endpoint_id = "0a1c"});
  EXPECT_EQ(DecideFor("sip:alice@example.com;opaque=user:epid:0a1c;gruu"), "phone by gruu");
  EXPECT_EQ(DecideFor("sip:ALICE@example.com;opaque=user:epid:0a1c;gruu"),
            "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:alice@Example.com;gruu;opaque=USER:epid:0A1B"), "desk by gruu");
  EXPECT_EQ(DecideFor("sip:alice@example.com;opaque=user:epid:ffff;gruu"),
            "500 by automatic_answer");
  EXPECT_THAT(steps_, HasSubstr("is that of 0 endpoint(s)"));
  // Without ";gruu" it is a parameter like others.
  EXPECT_EQ(DecideFor("sip:alice@example.com;opaque=user:epid:0a1c"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step2ARegisteredEndpointsInstanceIsItsPublicGruu) {
  Add({.id = "reg",
       .kind = EndpointKind::kRegistered,
       .address = "sip:reg@example.com",
       .instance_id = kInstance});
  EXPECT_EQ(DecideFor(absl::StrCat("sip:reg@example.com;gr=", kInstance)), "reg by gruu");
}

TEST_F(DispatcherTest, Step2AGruuOfTwoDecidesNothing) {
  // One instance of which two endpoints are made: only an epid can tell them apart.
  for (const char* id : {"a", "b"}) {
    Add({.id = id,
         .kind = EndpointKind::kRegistered,
         .address = "sip:reg@example.com",
         .endpoint_id = std::string(id),
         .instance_id = kInstance});
  }
  EXPECT_EQ(
      DecideFor(absl::StrCat("sip:reg@example.com;gr=", kInstance), "<sip:reg@example.com>;epid=b"),
      "b by request_uri");
}

TEST_F(DispatcherTest, Step3TheContactLeadsBackWhateverItsHost) {
  const TestEndpoint alice{.id = "alice-1", .address = "sip:alice@example.com"};
  Add(alice);
  Add({.id = "bob", .address = "sip:bob@example.com"});
  const std::string contact = ContactUri(*alice.MakeEntry().endpoint, "192.0.2.1:5060", "tcp");
  EXPECT_EQ(DecideFor(contact, "<sip:bob@example.com>"), "alice-1 by unique_context");
  EXPECT_EQ(DecideFor("sip:bob@example.com;ms-opaque=nobody"), "bob by request_uri");
  EXPECT_THAT(steps_, HasSubstr("\"nobody\", which does not exist"));
}

TEST_F(DispatcherTest, Step3TheEpidLeadsToTheOnlyOneThatHandedItOut) {
  Add({.id = "alice", .address = "sip:alice@example.com", .endpoint_id = "0a1b"});
  Add({.id = "bob", .address = "sip:bob@example.com", .endpoint_id = "0a1c"});
  EXPECT_EQ(DecideFor("sip:192.0.2.1:5060;epid=0A1B"), "alice by unique_context");
  // It tells instances of one user apart and never leads to another user.
  EXPECT_EQ(DecideFor("sip:bob@example.com;epid=0a1b"), "bob by request_uri");
  EXPECT_EQ(DecideFor("sip:192.0.2.1:5060;epid=ffff"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step3TheInstanceLeadsToItsEndpoint) {
  Add({.id = "reg",
       .kind = EndpointKind::kRegistered,
       .address = "sip:reg@example.com",
       .instance_id = kInstance});
  Add({.id = "other", .address = "sip:other@example.com"});
  EXPECT_EQ(DecideFor(absl::StrCat("sip:192.0.2.1;+sip.instance=%3C", kInstance, "%3e")),
            "reg by unique_context");
  EXPECT_EQ(DecideFor(absl::StrCat("sip:192.0.2.1;+sip.instance=", kInstance)),
            "reg by unique_context");
  EXPECT_EQ(DecideFor("sip:192.0.2.1;+sip.instance=7"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step3WhatComesByAnEndpointsOwnConnectionIsForIt) {
  Add({.id = "reg", .kind = EndpointKind::kRegistered, .address = "sip:reg@example.com"});
  Add({.id = "bob", .address = "sip:bob@example.com", .gruus = {"sip:bob@example.com;gr=1"}});
  EXPECT_EQ(Decide({.uri = "sip:bob@example.com"}, "reg"), "reg by unique_context");
  EXPECT_EQ(Decide({.uri = "sip:bob@example.com"}, "gone"), "bob by request_uri");
  EXPECT_EQ(Decide({.uri = "sip:bob@example.com;gr=1"}, "reg"), "bob by gruu");
}

TEST_F(DispatcherTest, Step4TheRequestUriDecidesFirst) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  Add({.id = "bob", .address = "sip:bob@example.com"});
  EXPECT_EQ(DecideFor("sip:alice@example.com", "<sip:bob@example.com>"), "alice by request_uri");
}

TEST_F(DispatcherTest, Step4OnlyTheAddressOfRecordCounts) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  for (const char* uri : {"sips:alice@EXAMPLE.com", "sip:alice:pw@example.com:5070;transport=tcp",
                          "sip:%61lice@example.com."}) {
    EXPECT_EQ(DecideFor(uri), "alice by request_uri") << uri;
  }
  EXPECT_EQ(DecideFor("sip:Alice@example.com"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:alice@example.org"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step4ThenTheToAddress) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  EXPECT_EQ(DecideFor("sip:192.0.2.1:5060", "\"A. Lice\" <sip:alice@example.com>"),
            "alice by to_address");
  EXPECT_EQ(DecideFor("sip:192.0.2.1", "sip:alice@example.com"), "alice by to_address");
}

TEST_F(DispatcherTest, Step4AnAliasIsAsGoodAsTheAddress) {
  Add({.id = "alice", .address = "sip:alice@example.com", .aliases = {"sip:sales@example.com"}});
  EXPECT_EQ(DecideFor("sip:sales@example.com"), "alice by request_uri");
  EXPECT_EQ(DecideFor("sip:x@y", "<sips:sales@example.com>"), "alice by to_address");
}

TEST_F(DispatcherTest, Step4AHostAloneOwnsAllItsUsersButThoseThatHaveAnOwner) {
  Add({.id = "domain", .address = "sip:gw@other.org", .aliases = {"sip:example.com"}});
  Add({.id = "alice", .address = "sip:alice@example.com"});
  EXPECT_EQ(DecideFor("sip:whoever@example.com"), "domain by request_uri");
  EXPECT_EQ(DecideFor("sip:example.com"), "domain by request_uri");
  EXPECT_EQ(DecideFor("sip:alice@example.com"), "alice by request_uri");
  EXPECT_EQ(DecideFor("sip:x@sub.example.com"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:192.0.2.1", "<sip:any@example.com>"), "domain by to_address");
}

TEST_F(DispatcherTest, Step4AUserDoesNotOwnItsHost) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  EXPECT_EQ(DecideFor("sip:example.com"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step4TheHostOfTheRequestUriGoesBeforeTheTo) {
  Add({.id = "domain", .address = "sip:example.com"});
  Add({.id = "alice", .address = "sip:alice@example.org"});
  EXPECT_EQ(DecideFor("sip:x@example.com", "<sip:alice@example.org>"), "domain by request_uri");
}

TEST_F(DispatcherTest, Step4TelNumbersMatchWhateverTheirSeparators) {
  Add({.id = "phone", .address = "tel:+1-555-0100"});
  EXPECT_EQ(DecideFor("tel:+15550100"), "phone by request_uri");
  EXPECT_EQ(DecideFor("tel:+1.555.0100;phone-context=x"), "phone by request_uri");
  EXPECT_EQ(DecideFor("tel:+15550101"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, Step4AnUnknownSchemeLeavesItToTheTo) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  EXPECT_EQ(DecideFor("urn:service:sos", "<sip:alice@example.com>"), "alice by to_address");
  EXPECT_EQ(DecideFor("urn:service:sos"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:nobody@x", "<urn:service:sos>"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, OfSeveralOwnersTheEpidDecides) {
  const std::string address = "sip:alice@example.com";
  Add({.id = "desk", .address = address, .endpoint_id = "0a1b"});
  Add({.id = "phone", .address = address, .endpoint_id = "0a1c"});
  EXPECT_EQ(Decide({.to = "<sip:alice@example.com>;epid=0a1c"}), "phone by request_uri");
  EXPECT_THAT(steps_, HasSubstr("the epid \"0a1c\" chooses one of them"));
  EXPECT_EQ(Decide({.to = "<sip:alice@example.com>;epid=0A1B"}), "desk by request_uri");
  // In the Request-URI it decides before the address does, and before the To's.
  EXPECT_EQ(Decide({.uri = "sip:alice@example.com;epid=0a1b"}), "desk by unique_context");
  EXPECT_EQ(
      Decide({.uri = "sip:alice@example.com;epid=0a1b", .to = "<sip:alice@example.com>;epid=0a1c"}),
      "desk by unique_context");
}

TEST_F(DispatcherTest, AnEpidThatNobodyHasDecidesNothing) {
  Add({.id = "desk", .address = "sip:alice@example.com", .endpoint_id = "0a1b"});
  Add({.id = "phone", .address = "sip:alice@example.com", .endpoint_id = "0a1c"});
  EXPECT_EQ(Decide({.to = "<sip:alice@example.com>;epid=ffff"}), "500 by automatic_answer");
  EXPECT_EQ(Decide({}), "500 by automatic_answer");
  EXPECT_THAT(steps_, HasSubstr("not decided"));
}

TEST_F(DispatcherTest, AnOnlyOwnerGetsItWhateverTheEpid) {
  Add({.id = "desk", .address = "sip:alice@example.com", .endpoint_id = "0a1b"});
  EXPECT_EQ(Decide({.to = "<sip:alice@example.com>;epid=ffff"}), "desk by request_uri");
}

TEST_F(DispatcherTest, AnEpidThatTwoOwnersShareDecidesNothing) {
  // By alias: (address, epid) pairs differ, so both may exist.
  Add({.id = "a", .address = "sip:a@b", .aliases = {"sip:team@b"}, .endpoint_id = "7"});
  Add({.id = "c", .address = "sip:c@b", .aliases = {"sip:team@b"}, .endpoint_id = "7"});
  EXPECT_EQ(DecideFor("sip:team@b", "<sip:team@b>;epid=7"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:c@b;epid=7"), "c by unique_context");
  EXPECT_EQ(DecideFor("sip:x@y;epid=7"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, OfSeveralOwnersTheUriParametersDecideNext) {
  Add({.id = "plain", .address = "sip:line@b", .endpoint_id = "1"});
  Add({.id = "second", .address = "sip:line@b;line=2", .endpoint_id = "2"});
  Add({.id = "video", .address = "sip:line@b;line=2;media=video", .endpoint_id = "3"});
  EXPECT_EQ(DecideFor("sip:line@b;line=2"), "second by request_uri");
  EXPECT_THAT(steps_, HasSubstr("the URI parameters choose one of them"));
  EXPECT_EQ(DecideFor("sip:line@b;media=VIDEO;x=y;line=2"), "video by request_uri");
  EXPECT_EQ(DecideFor("sip:line@b;line=3"), "plain by request_uri");
  EXPECT_EQ(DecideFor("sip:line@b"), "plain by request_uri");
  EXPECT_EQ(DecideFor("sip:line@b;line=2", "<sip:x@y>;epid=1"), "plain by request_uri");
}

TEST_F(DispatcherTest, EquallyGoodUriParametersDecideNothing) {
  Add({.id = "a", .address = "sip:a@b", .aliases = {"sip:team@b;x=1"}});
  Add({.id = "c", .address = "sip:c@b", .aliases = {"sip:team@b;y=1"}});
  EXPECT_EQ(DecideFor("sip:team@b;x=1;y=1"), "500 by automatic_answer");
  EXPECT_EQ(DecideFor("sip:team@b;y=1"), "c by request_uri");
  EXPECT_EQ(DecideFor("sip:team@b"), "500 by automatic_answer");
}

TEST_F(DispatcherTest, AnAmbiguousRequestUriLeavesItToTheTo) {
  Add({.id = "a", .address = "sip:a@b", .aliases = {"sip:team@b"}});
  Add({.id = "c", .address = "sip:c@b", .aliases = {"sip:team@b"}});
  EXPECT_EQ(DecideFor("sip:team@b", "<sip:c@b>"), "c by to_address");
}

TEST_F(DispatcherTest, Step5StrictGivesAllToTheOnlyPeerToPeerEndpoint) {
  policy_.strictness = DispatchStrictness::kStrict;
  Add({.id = "reg", .kind = EndpointKind::kRegistered, .address = "sip:reg@example.com"});
  EXPECT_EQ(DecideFor("sip:x@y"), "500 by automatic_answer");
  Add({.id = "only", .address = "sip:only@example.com"});
  EXPECT_EQ(DecideFor("sip:x@y"), "only by strict");
  EXPECT_EQ(DecideFor("urn:a:b", "<mailto:x@y>"), "only by strict");
  Add({.id = "second", .address = "sip:second@example.com"});
  EXPECT_EQ(DecideFor("sip:x@y"), "500 by automatic_answer");
  EXPECT_THAT(steps_, HasSubstr("strict, but 2 peer-to-peer endpoint(s)"));
}

TEST_F(DispatcherTest, Step5ComesAfterTheAddresses) {
  policy_.strictness = DispatchStrictness::kStrict;
  Add({.id = "reg", .kind = EndpointKind::kRegistered, .address = "sip:reg@example.com"});
  Add({.id = "only", .address = "sip:only@example.com"});
  EXPECT_EQ(DecideFor("sip:reg@example.com"), "reg by request_uri");
}

TEST_F(DispatcherTest, Step6TheDefaultEndpointGetsTheRest) {
  policy_.default_endpoint_id = "catchall";
  EXPECT_EQ(DecideFor("sip:x@y"), "500 by automatic_answer");
  EXPECT_THAT(steps_, HasSubstr("\"catchall\" does not exist"));
  Add({.id = "catchall", .address = "sip:catchall@example.com"});
  Add({.id = "alice", .address = "sip:alice@example.com"});
  EXPECT_EQ(DecideFor("sip:x@y"), "catchall by default_endpoint");
  EXPECT_EQ(DecideFor("sip:alice@example.com"), "alice by request_uri");
  policy_.strictness = DispatchStrictness::kStrict;  // with two endpoints it decides nothing
  EXPECT_EQ(DecideFor("sip:x@y"), "catchall by default_endpoint");
}

TEST_F(DispatcherTest, Step7WithoutEndpointsIs500AndInProfileRfc404) {
  EXPECT_EQ(DecideFor("sip:x@y"), "500 by automatic_answer");
  EXPECT_EQ(Dispatch({ParsedText(TestRequest{}).view}, *directory_, policy_).situation,
            Situation::kNoEndpoint);
  policy_.profile = DispatchProfile::kRfc;
  EXPECT_EQ(DecideFor("sip:x@y"), "404 by automatic_answer");
}

TEST_F(DispatcherTest, Step7NothingMatchesIs500AndInProfileRfc404) {
  Add({.id = "bob", .address = "sip:bob@example.com"});
  EXPECT_EQ(DecideFor("sip:x@y"), "500 by automatic_answer");
  EXPECT_EQ(Dispatch({ParsedText(TestRequest{}).view}, *directory_, policy_).situation,
            Situation::kNothingMatches);
  policy_.profile = DispatchProfile::kRfc;
  EXPECT_EQ(DecideFor("sip:x@y"), "404 by automatic_answer");
}

TEST_F(DispatcherTest, Step7AToTagIs481InBothProfiles) {
  const std::string to = "<sip:nobody@nowhere>;tag=theirs";
  EXPECT_EQ(DecideFor("sip:x@y", to), "481 by automatic_answer");
  Add({.id = "bob", .address = "sip:bob@example.com"});
  policy_.profile = DispatchProfile::kRfc;
  EXPECT_EQ(DecideFor("sip:x@y", to), "481 by automatic_answer");
  // Matched all the same: it is the endpoint's to know its dialogs.
  EXPECT_EQ(DecideFor("sip:bob@example.com", to), "bob by request_uri");
}

TEST_F(DispatcherTest, EveryMethodIsDispatchedAlike) {
  Add({.id = "alice", .address = "sip:alice@example.com"});
  for (const char* method : {"ACK", "BYE", "INVITE", "OPTIONS", "X-NEW"}) {
    EXPECT_EQ(Decide({.method = method}), "alice by request_uri") << method;
  }
}

// Steps are words about the decision and never change it, whatever comes.
class DispatcherPropertyTest : public DispatcherTest,
                               public ::testing::WithParamInterface<uint64_t> {
 protected:
  template <size_t kSize>
  std::string OneOf(const char* const (&choices)[kSize]) {
    return choices[random_.Next() % kSize];
  }
  std::string RandomUri() {
    static constexpr const char* kBases[] = {
        "sip:u1@h1", "sip:u2@h1", "sips:u1@h2",           "sip:h1", "sip:h2:5070", "tel:+1-555",
        "urn:a:b",   "sip:u3@H1", "sip:u1@[2001:db8::1]",
    };
    static constexpr const char* kParameters[] = {"",
                                                  "",
                                                  ";epid=1",
                                                  ";x=1",
                                                  ";x=1;y=2",
                                                  ";gr=1",
                                                  ";opaque=user:epid:1;gruu",
                                                  ";ms-opaque=e1"};
    return OneOf(kBases) + OneOf(kParameters);
  }
  void AddRandomEndpoint(int number) {
    TestEndpoint endpoint{.id = absl::StrCat("e", number)};
    endpoint.kind = random_.Next() % 2 == 0 ? EndpointKind::kPeerToPeer : EndpointKind::kRegistered;
    endpoint.address = RandomUri();
    endpoint.endpoint_id = absl::StrCat(random_.Next() % 3);
    for (uint64_t i = random_.Next() % 3; i > 0; --i) endpoint.aliases.push_back(RandomUri());
    // Some are refused (an urn, a taken address): then there is one fewer.
    directory_->Put(endpoint.MakeEntry()).IgnoreError();
  }

  SeededRandomSource random_{GetParam()};
};

TEST_P(DispatcherPropertyTest, StepsNeverChangeTheDecisionAndAreNeverEmpty) {
  for (int round = 0; round < 40; ++round) {
    directory_ = std::make_shared<EndpointDirectory>();
    for (uint64_t i = random_.Next() % 8; i > 0; --i) AddRandomEndpoint(static_cast<int>(i));
    policy_.profile = random_.Next() % 2 == 0 ? DispatchProfile::kUcma : DispatchProfile::kRfc;
    policy_.strictness =
        random_.Next() % 2 == 0 ? DispatchStrictness::kByAddress : DispatchStrictness::kStrict;
    policy_.default_endpoint_id = random_.Next() % 3 == 0 ? "e1" : "";
    for (int i = 0; i < 10; ++i) {
      TestRequest request;
      request.uri = RandomUri();
      request.to = absl::StrCat("<", RandomUri(), ">", random_.Next() % 3 == 0 ? ";epid=1" : "",
                                random_.Next() % 4 == 0 ? ";tag=t" : "");
      Decide(request);  // checks it
      if (HasFailure()) FAIL() << request.Text() << "\n" << steps_;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DispatcherPropertyTest, ::testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace sipcm::dispatch
