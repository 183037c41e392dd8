#include "core/dispatch/endpoint_directory.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_endpoint.h"

namespace sipcm::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Directory = std::shared_ptr<const EndpointDirectory>;

// `directory` becomes the one with the endpoint.
absl::Status Add(Directory& directory, const TestEndpoint& endpoint) {
  auto next = std::make_shared<EndpointDirectory>(*directory);
  absl::Status status = next->Put(endpoint.MakeEntry());
  if (status.ok()) directory = std::move(next);
  return status;
}

Directory Without(const Directory& directory, absl::string_view id) {
  auto next = std::make_shared<EndpointDirectory>(*directory);
  next->Remove(id);
  return next;
}

std::vector<std::string> OwnersOf(const Directory& directory, absl::string_view address) {
  std::vector<std::string> ids;
  const EndpointDirectory::Entries* entries = directory->FindByAddress(address);
  if (entries == nullptr) return ids;
  EXPECT_FALSE(entries->empty());
  ids.reserve(entries->size());
  for (const auto& entry : *entries) ids.push_back(entry->endpoint->id);
  return ids;
}

TEST(CanonicalAddressTest, DropsWhatDoesNotNameTheUser) {
  EXPECT_EQ(*CanonicalAddress("sip:alice@example.com"), "alice@example.com");
  EXPECT_EQ(*CanonicalAddress("sips:alice:secret@EXAMPLE.com.:5061;transport=tls"),
            "alice@example.com");
  EXPECT_EQ(*CanonicalAddress("sip:Example.Com"), "example.com");
  EXPECT_EQ(*CanonicalAddress("sip:alice@[2001:DB8::1]"), "alice@[2001:db8::1]");
  EXPECT_EQ(*CanonicalAddress("tel:+1-555-0100"), "tel:+15550100");
}

TEST(CanonicalAddressTest, KeepsTheCaseOfTheUser) {
  EXPECT_NE(*CanonicalAddress("sip:Alice@example.com"), *CanonicalAddress("sip:alice@example.com"));
}

TEST(CanonicalAddressTest, RefusesWhatNoRequestCanBeFor) {
  for (const char* uri : {"", "alice@example.com", "sip:", "sip:a b@c", "sip:alice@", "<sip:a@b>",
                          "http://example.com", "mailto:alice@example.com", "sip:a@b:99999"}) {
    const absl::Status status = CanonicalAddress(uri).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << uri;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("\"", uri, "\"")));
  }
}

TEST(EndpointDirectoryTest, EmptyOwnsNothing) {
  const Directory empty = EndpointDirectory::Empty();
  EXPECT_EQ(empty->size(), 0u);
  EXPECT_EQ(empty->FindByAddress("alice@example.com"), nullptr);
  EXPECT_EQ(empty->FindById("alice"), nullptr);
  EXPECT_EQ(empty->only_peer_to_peer(), nullptr);
  EXPECT_EQ(Without(empty, "alice")->size(), 0u);
}

TEST(EndpointDirectoryTest, FindsByAddressAliasAndId) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "alice",
                              .address = "sip:alice@example.com",
                              .aliases = {"sips:al@Example.com", "tel:+1-555-0100"}})
                  .ok());
  EXPECT_THAT(OwnersOf(directory, "alice@example.com"), UnorderedElementsAre("alice"));
  EXPECT_THAT(OwnersOf(directory, "al@example.com"), UnorderedElementsAre("alice"));
  EXPECT_THAT(OwnersOf(directory, "tel:+15550100"), UnorderedElementsAre("alice"));
  EXPECT_THAT(OwnersOf(directory, "example.com"), IsEmpty());
  EXPECT_EQ(directory->FindById("alice")->endpoint->address, "sip:alice@example.com");
  EXPECT_EQ(directory->size(), 1u);
}

TEST(EndpointDirectoryTest, AnAliasWithoutUserOwnsTheWholeHost) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(
      Add(directory,
          {.id = "gateway", .address = "sip:gw@example.com", .aliases = {"sip:Example.com:5080"}})
          .ok());
  EXPECT_THAT(OwnersOf(directory, "example.com"), UnorderedElementsAre("gateway"));
}

TEST(EndpointDirectoryTest, AnAliasThatEqualsTheAddressCountsOnce) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "alice",
                              .address = "sip:alice@example.com",
                              .aliases = {"sips:alice@EXAMPLE.com", "sip:a@b", "sip:a@b;x=y"}})
                  .ok());
  EXPECT_EQ(directory->FindByAddress("alice@example.com")->size(), 1u);
  EXPECT_EQ(directory->FindByAddress("a@b")->size(), 1u);
  directory = Without(directory, "alice");
  EXPECT_EQ(directory->FindByAddress("alice@example.com"), nullptr);
  EXPECT_EQ(directory->FindByAddress("a@b"), nullptr);
}

TEST(EndpointDirectoryTest, TheSameAddressAndEpidIsTaken) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:alice@example.com"}).ok());
  const Directory before = directory;
  const absl::Status status = Add(directory, {.id = "b", .address = "sips:alice@EXAMPLE.COM"});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(status), "ENDPOINT_ADDRESS_TAKEN");
  EXPECT_EQ(FieldOf(status), "address");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("\"b\""), HasSubstr("\"sips:alice@EXAMPLE.COM\""),
                    HasSubstr("\"endpoints/a\"")));
  EXPECT_EQ(directory, before);
}

TEST(EndpointDirectoryTest, TheSameAddressWithAnotherEpidIsAnotherEndpoint) {
  Directory directory = EndpointDirectory::Empty();
  const std::string address = "sip:alice@example.com";
  ASSERT_TRUE(Add(directory, {.id = "a", .address = address}).ok());
  ASSERT_TRUE(Add(directory, {.id = "b", .address = address, .endpoint_id = "0a1b"}).ok());
  ASSERT_TRUE(Add(directory, {.id = "c", .address = address, .endpoint_id = "0a1c"}).ok());
  EXPECT_THAT(OwnersOf(directory, "alice@example.com"), UnorderedElementsAre("a", "b", "c"));
  // Dispatch does not tell "0A1B" from "0a1b", so both cannot exist.
  EXPECT_EQ(Add(directory, {.id = "d", .address = address, .endpoint_id = "0A1B"}).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(EndpointDirectoryTest, AnAliasMayBeAnothersAddress) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:a@b", .aliases = {"sip:team@b"}}).ok());
  ASSERT_TRUE(Add(directory, {.id = "t", .address = "sip:team@b"}).ok());
  ASSERT_TRUE(Add(directory, {.id = "c", .address = "sip:c@b", .aliases = {"sip:team@b"}}).ok());
  EXPECT_THAT(OwnersOf(directory, "team@b"), UnorderedElementsAre("a", "t", "c"));
}

TEST(EndpointDirectoryTest, AnUpdateReplacesAddressesAndKeepsTheCount) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:old@b", .aliases = {"sip:x@b"}}).ok());
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:new@b", .aliases = {"sip:y@b"}}).ok());
  EXPECT_EQ(directory->size(), 1u);
  EXPECT_THAT(OwnersOf(directory, "old@b"), IsEmpty());
  EXPECT_THAT(OwnersOf(directory, "x@b"), IsEmpty());
  EXPECT_THAT(OwnersOf(directory, "new@b"), UnorderedElementsAre("a"));
  EXPECT_THAT(OwnersOf(directory, "y@b"), UnorderedElementsAre("a"));
  EXPECT_EQ(directory->FindById("a")->endpoint->address, "sip:new@b");
  // Its own address does not stand in its way.
  EXPECT_TRUE(Add(directory, {.id = "a", .address = "sip:new@b"}).ok());
}

TEST(EndpointDirectoryTest, GruusAndContextsGoWithTheirEndpoint) {
  Directory directory = EndpointDirectory::Empty();
  const std::string gruu = "sip:a@b;gr=urn:uuid:1";
  ASSERT_TRUE(
      Add(directory, {.id = "a", .address = "sip:a@b", .endpoint_id = "0A1B", .gruus = {gruu}})
          .ok());
  EXPECT_EQ(directory->FindByGruu("a@b;gr=urn:uuid:1")->size(), 1u);
  EXPECT_EQ(directory->FindByGruu("a@b;opaque=user:epid:0a1b;gruu")->size(), 1u);
  EXPECT_EQ(directory->FindByContext("0a1b")->size(), 1u);
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:a@b", .endpoint_id = "0a1c"}).ok());
  EXPECT_EQ(directory->FindByGruu("a@b;gr=urn:uuid:1"), nullptr);
  EXPECT_EQ(directory->FindByGruu("a@b;opaque=user:epid:0a1b;gruu"), nullptr);
  EXPECT_EQ(directory->FindByContext("0a1b"), nullptr);
  directory = Without(directory, "a");
  EXPECT_EQ(directory->FindByGruu("a@b;opaque=user:epid:0a1c;gruu"), nullptr);
  EXPECT_EQ(directory->FindByContext("0a1c"), nullptr);
}

TEST(EndpointDirectoryTest, AGruuNamesOneEndpointOnly) {
  Directory directory = EndpointDirectory::Empty();
  const std::string gruu = "sip:a@b;gr=urn:uuid:1";
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:a@b", .gruus = {gruu}}).ok());
  const absl::Status status =
      Add(directory, {.id = "c", .address = "sip:c@b", .gruus = {"sips:a@B;gr=URN:uuid:1"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(status), "ENDPOINT_ADDRESS_TAKEN");
  EXPECT_EQ(FieldOf(status), "gruu");
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"endpoints/a\""));
  EXPECT_TRUE(Add(directory, {.id = "a", .address = "sip:a@b", .gruus = {gruu}}).ok());
}

TEST(EndpointDirectoryTest, AFaultNamesTheFieldAndTheValue) {
  Directory directory = EndpointDirectory::Empty();
  absl::Status status = Add(directory, {.id = "a", .address = "alice"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "address");
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"alice\""));
  status = Add(directory, {.id = "a", .address = "sip:a@b", .aliases = {"sip:ok@b", "ftp:x"}});
  EXPECT_EQ(FieldOf(status), "aliases[1]");
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"ftp:x\""));
  status = Add(directory, {.id = "a", .address = "sip:a@b", .gruus = {"sip:a@b;gruu"}});
  EXPECT_EQ(FieldOf(status), "gruu");
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"sip:a@b;gruu\""));
  EXPECT_EQ(directory->size(), 0u);
}

TEST(EndpointDirectoryTest, WithoutRemovesOneAndOnlyThatOne) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:x@b", .endpoint_id = "1"}).ok());
  ASSERT_TRUE(Add(directory, {.id = "b", .address = "sip:x@b", .endpoint_id = "2"}).ok());
  directory = Without(directory, "a");
  EXPECT_THAT(OwnersOf(directory, "x@b"), UnorderedElementsAre("b"));
  EXPECT_EQ(directory->FindById("a"), nullptr);
  EXPECT_EQ(directory->size(), 1u);
  EXPECT_EQ(Without(directory, "nobody")->size(), 1u);
}

TEST(EndpointDirectoryTest, AnOldSnapshotStaysAsItWas) {
  Directory directory = EndpointDirectory::Empty();
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:a@b"}).ok());
  const Directory old = directory;
  const EndpointDirectory::Entries* old_entries = old->FindByAddress("a@b");
  const EndpointDirectory::EntryPointer old_entry = old->FindById("a");
  ASSERT_TRUE(Add(directory, {.id = "a", .address = "sip:moved@b"}).ok());
  for (int i = 0; i < 1000; ++i) {
    const std::string id = absl::StrCat("e", i);
    ASSERT_TRUE(Add(directory, {.id = id, .address = absl::StrCat("sip:", id, "@b")}).ok());
  }
  directory = Without(directory, "a");
  EXPECT_EQ(old->size(), 1u);
  EXPECT_EQ(old->FindByAddress("a@b"), old_entries);
  EXPECT_EQ(old->FindById("a"), old_entry);
  EXPECT_EQ(old->FindByAddress("e1@b"), nullptr);
  EXPECT_EQ(old_entry->endpoint->address, "sip:a@b");
}

TEST(EndpointDirectoryTest, AChangeSharesTheEntriesOfAllOthers) {
  Directory directory = EndpointDirectory::Empty();
  for (int i = 0; i < 500; ++i) {
    const std::string id = absl::StrCat("e", i);
    ASSERT_TRUE(Add(directory, {.id = id, .address = absl::StrCat("sip:", id, "@b")}).ok());
  }
  const Directory before = directory;
  ASSERT_TRUE(Add(directory, {.id = "new", .address = "sip:new@b"}).ok());
  int same_list = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string id = absl::StrCat("e", i);
    EXPECT_EQ(directory->FindById(id), before->FindById(id));
    const std::string address = absl::StrCat(id, "@b");
    same_list += directory->FindByAddress(address) == before->FindByAddress(address) ? 1 : 0;
  }
  // The very same shard for all but those few that live beside the new one.
  EXPECT_GT(same_list, 450);
}

TEST(EndpointDirectoryTest, KnowsTheOnlyPeerToPeerEndpoint) {
  Directory directory = EndpointDirectory::Empty();
  const auto only = [&] {
    const EndpointDirectory::EntryPointer entry = directory->only_peer_to_peer();
    return entry == nullptr ? "" : entry->endpoint->id;
  };
  ASSERT_TRUE(
      Add(directory, {.id = "r", .kind = EndpointKind::kRegistered, .address = "sip:r@b"}).ok());
  EXPECT_EQ(only(), "");
  ASSERT_TRUE(Add(directory, {.id = "p", .address = "sip:p@b"}).ok());
  EXPECT_EQ(only(), "p");
  ASSERT_TRUE(Add(directory, {.id = "q", .address = "sip:q@b"}).ok());
  EXPECT_EQ(only(), "");
  EXPECT_EQ(directory->peer_to_peer_count(), 2u);
  directory = Without(directory, "p");
  EXPECT_EQ(only(), "q");
  // An update is what is found from then on, also when it changes the kind.
  ASSERT_TRUE(Add(directory, {.id = "q", .address = "sip:q2@b"}).ok());
  EXPECT_EQ(directory->only_peer_to_peer()->endpoint->address, "sip:q2@b");
  ASSERT_TRUE(
      Add(directory, {.id = "q", .kind = EndpointKind::kRegistered, .address = "sip:q@b"}).ok());
  EXPECT_EQ(only(), "");
  EXPECT_EQ(directory->peer_to_peer_count(), 0u);
  ASSERT_TRUE(Add(directory, {.id = "r", .address = "sip:r@b"}).ok());
  EXPECT_EQ(only(), "r");
  directory = Without(directory, "r");
  EXPECT_EQ(only(), "");
}

TEST(EndpointDirectoryTest, ForEachSeesEveryEndpointOnce) {
  Directory directory = EndpointDirectory::Empty();
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string id = absl::StrCat("e", i);
    ASSERT_TRUE(Add(directory, {.id = id, .address = "sip:a@b", .endpoint_id = id}).ok());
    expected.insert(id);
  }
  std::set<std::string> seen;
  directory->ForEach([&](const EndpointDirectory::Entry& entry) {
    EXPECT_TRUE(seen.insert(entry.endpoint->id).second);
  });
  EXPECT_EQ(seen, expected);
}

TEST(EndpointDirectoryTest, TenThousandComeAndGoOneByOne) {
  Directory directory = EndpointDirectory::Empty();
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = absl::StrCat("e", i);
    ASSERT_TRUE(Add(directory, {.id = id, .address = absl::StrCat("sip:", id, "@b")}).ok());
  }
  EXPECT_EQ(directory->size(), 10'000u);
  EXPECT_EQ(directory->peer_to_peer_count(), 10'000u);
  EXPECT_THAT(OwnersOf(directory, "e9999@b"), UnorderedElementsAre("e9999"));
  for (int i = 0; i < 10'000; i += 2) directory = Without(directory, absl::StrCat("e", i));
  EXPECT_EQ(directory->size(), 5'000u);
  EXPECT_EQ(directory->FindById("e0"), nullptr);
  EXPECT_EQ(directory->FindByAddress("e2@b"), nullptr);
  EXPECT_NE(directory->FindById("e9999"), nullptr);
}

TEST(EndpointDirectoryTest, WhatIsRefusedChangesNothing) {
  EndpointDirectory directory;
  const TestEndpoint alice{.id = "alice", .address = "sip:alice@b", .endpoint_id = "1"};
  ASSERT_TRUE(directory.Put(alice.MakeEntry()).ok());
  const TestEndpoint taken{.id = "bob", .address = "sip:alice@b", .endpoint_id = "1"};
  EXPECT_EQ(directory.Put(taken.MakeEntry()).code(), absl::StatusCode::kAlreadyExists);
  const TestEndpoint broken{.id = "alice", .address = "mailto:alice@b"};
  EXPECT_EQ(directory.Put(broken.MakeEntry()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(directory.size(), 1u);
  EXPECT_EQ(directory.FindByAddress("alice@b")->size(), 1u);
  EXPECT_EQ(directory.FindById("alice")->endpoint->address, "sip:alice@b");
}

TEST(EndpointDirectoryTest, AgreesWithAPlainListUnderRandomUse) {
  SeededRandomSource random(5);
  Directory directory = EndpointDirectory::Empty();
  std::vector<TestEndpoint> model;
  const auto name = [&] { return absl::StrCat("sip:u", random.Next() % 12, "@h"); };
  for (int step = 0; step < 3000; ++step) {
    const std::string id = absl::StrCat("e", random.Next() % 10);
    if (random.Next() % 3 == 0) {
      directory = Without(directory, id);
      model.erase(std::remove_if(model.begin(), model.end(),
                                 [&](const TestEndpoint& other) { return other.id == id; }),
                  model.end());
    } else {
      TestEndpoint endpoint{.id = id, .address = name()};
      endpoint.endpoint_id = absl::StrCat(random.Next() % 2);
      for (uint64_t i = random.Next() % 3; i > 0; --i) endpoint.aliases.push_back(name());
      bool is_taken = false;
      for (const TestEndpoint& other : model) {
        is_taken |= other.id != id && other.address == endpoint.address &&
                    other.endpoint_id == endpoint.endpoint_id;
      }
      ASSERT_EQ(Add(directory, endpoint).ok(), !is_taken);
      if (!is_taken) {
        model.erase(std::remove_if(model.begin(), model.end(),
                                   [&](const TestEndpoint& other) { return other.id == id; }),
                    model.end());
        model.push_back(endpoint);
      }
    }
    ASSERT_EQ(directory->size(), model.size());
    for (int i = 0; i < 12; ++i) {
      std::multiset<std::string> owners;
      for (const TestEndpoint& endpoint : model) {
        const std::string uri = absl::StrCat("sip:u", i, "@h");
        if (endpoint.address == uri ||
            std::count(endpoint.aliases.begin(), endpoint.aliases.end(), uri) > 0) {
          owners.insert(endpoint.id);
        }
      }
      const auto found = OwnersOf(directory, absl::StrCat("u", i, "@h"));
      ASSERT_EQ(std::multiset<std::string>(found.begin(), found.end()), owners);
    }
  }
}

}  // namespace
}  // namespace sipcm::dispatch
