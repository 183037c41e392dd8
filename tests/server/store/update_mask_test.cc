#include "server/store/update_mask.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "core/base/error.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/sipcm/v1/connection_manager.pb.h"

namespace sipcm::server {
namespace {

using google::protobuf::util::MessageDifferencer;
using sipcm::v1::ConnectionManager;

class UpdateMaskTest : public testing::Test {
 protected:
  UpdateMaskTest() {
    stored_.set_name("connectionManagers/edge");
    stored_.set_kind(ConnectionManager::SERVER_TCP);
    stored_.set_display_name("before");
    stored_.set_etag("1");
    stored_.set_state(ConnectionManager::LISTENING);
    stored_.add_allowed_domains()->set_pattern("a.example.com");
    stored_.add_allowed_domains()->set_pattern("b.example.com");
    stored_.mutable_limits()->set_max_body_bytes(100);
    stored_.mutable_limits()->set_max_header_bytes(2000);
    patch_.set_name("connectionManagers/edge");
  }

  absl::Status Apply(std::initializer_list<const char*> paths) {
    google::protobuf::FieldMask mask;
    for (const char* path : paths) mask.add_paths(path);
    return ApplyUpdateMask(mask, patch_, "connection_manager",
                           {{"state", "state_reason"}, {"kind"}}, &stored_);
  }

  ConnectionManager stored_;
  ConnectionManager patch_;
};

TEST_F(UpdateMaskTest, WritesOnlyWhatIsNamed) {
  patch_.set_display_name("after");
  patch_.set_strict_dispatching(true);
  EXPECT_TRUE(Apply({"display_name"}).ok());
  EXPECT_EQ(stored_.display_name(), "after");
  EXPECT_FALSE(stored_.strict_dispatching());
}

TEST_F(UpdateMaskTest, UnderstandsCamelCaseFromNativeClients) {
  patch_.set_display_name("after");
  EXPECT_TRUE(Apply({"displayName"}).ok());
  EXPECT_EQ(stored_.display_name(), "after");
}

TEST_F(UpdateMaskTest, ANamedFieldWithoutValueGetsItsDefault) {
  EXPECT_TRUE(Apply({"display_name", "limits"}).ok());
  EXPECT_EQ(stored_.display_name(), "");
  EXPECT_FALSE(stored_.limits().has_max_body_bytes());
}

TEST_F(UpdateMaskTest, ListsAreReplacedWhole) {
  patch_.add_allowed_domains()->set_pattern("c.example.com");
  EXPECT_TRUE(Apply({"allowed_domains"}).ok());
  ASSERT_EQ(stored_.allowed_domains_size(), 1);
  EXPECT_EQ(stored_.allowed_domains(0).pattern(), "c.example.com");
}

TEST_F(UpdateMaskTest, AFieldInsideAMessageLeavesItsSiblings) {
  patch_.mutable_limits()->set_max_body_bytes(300);
  EXPECT_TRUE(Apply({"limits.max_body_bytes"}).ok());
  EXPECT_EQ(stored_.limits().max_body_bytes(), 300);
  EXPECT_EQ(stored_.limits().max_header_bytes(), 2000);
}

TEST_F(UpdateMaskTest, WithoutPathsEveryFieldThatHasAValueIsWritten) {
  patch_.set_display_name("after");
  patch_.mutable_limits()->set_max_body_bytes(300);
  EXPECT_TRUE(Apply({}).ok());
  EXPECT_EQ(stored_.display_name(), "after");
  EXPECT_EQ(stored_.limits().max_body_bytes(), 300);
  EXPECT_EQ(stored_.limits().max_header_bytes(), 2000);
  EXPECT_EQ(stored_.allowed_domains_size(), 2);
}

TEST_F(UpdateMaskTest, AnEmptyPatchWithoutPathsChangesNothing) {
  const ConnectionManager before = stored_;
  EXPECT_TRUE(Apply({}).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(stored_, before));
}

TEST_F(UpdateMaskTest, AStarResetsWhatHasNoValueAndKeepsWhatCannotChange) {
  patch_.set_strict_dispatching(true);
  EXPECT_TRUE(Apply({"*"}).ok());
  EXPECT_TRUE(stored_.strict_dispatching());
  EXPECT_EQ(stored_.display_name(), "");
  EXPECT_EQ(stored_.allowed_domains_size(), 0);
  EXPECT_EQ(stored_.kind(), ConnectionManager::SERVER_TCP);
  EXPECT_EQ(stored_.name(), "connectionManagers/edge");
  EXPECT_EQ(stored_.state(), ConnectionManager::LISTENING);
}

TEST_F(UpdateMaskTest, WhatOnlyTheServerSaysIsPassedOver) {
  patch_.set_state(ConnectionManager::FAILED);
  patch_.set_etag("2");
  EXPECT_TRUE(Apply({"state", "etag", "name"}).ok());
  EXPECT_EQ(stored_.state(), ConnectionManager::LISTENING);
  EXPECT_EQ(stored_.etag(), "1");
}

TEST_F(UpdateMaskTest, AnUnknownPathIsNamed) {
  for (const char* path : {"display", "limits.max_bodies", "allowed_domains.pattern", ""}) {
    const ConnectionManager before = stored_;
    const absl::Status status = Apply({"display_name", path});
    EXPECT_EQ(ReasonOf(status), "UNKNOWN_FIELD_IN_MASK") << path;
    EXPECT_EQ(FieldOf(status), "update_mask");
    EXPECT_NE(status.message().find(path), absl::string_view::npos);
    EXPECT_TRUE(MessageDifferencer::Equals(stored_, before));
  }
}

TEST_F(UpdateMaskTest, AnImmutableFieldMayBeRepeatedButNotChanged) {
  patch_.set_kind(ConnectionManager::SERVER_TCP);
  EXPECT_TRUE(Apply({"kind"}).ok());
  patch_.set_kind(ConnectionManager::SERVER_TLS);
  for (const absl::Status& status : {Apply({"kind"}), Apply({}), Apply({"*"})}) {
    EXPECT_EQ(ReasonOf(status), "IMMUTABLE_FIELD");
    EXPECT_EQ(FieldOf(status), "connection_manager.kind");
    EXPECT_NE(status.message().find("SERVER_TLS"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace sipcm::server
