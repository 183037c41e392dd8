#include "clients/cli/settings.h"

#include <google/protobuf/field_mask.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "proto/sipcm/v1/connection_manager.pb.h"

namespace sipcm::cli {
namespace {

TEST(ApplySettingsTest, TakesEveryKindOfValue) {
  v1::ConnectionManager manager;
  google::protobuf::FieldMask mask;
  EXPECT_EQ(ApplySettings({"first_message_timeout=5s", "limits.max_body_bytes=4096",
                           "allow_any_domain=true", "mutual_tls=REQUIRE", "display_name=a=\"b\"",
                           "listen_addresses=[{\"host\":\"::1\",\"port\":5060}]"},
                          manager, &mask),
            "");
  EXPECT_EQ(manager.first_message_timeout().seconds(), 5);
  EXPECT_EQ(manager.limits().max_body_bytes(), 4096);
  EXPECT_TRUE(manager.allow_any_domain());
  EXPECT_EQ(manager.mutual_tls(), v1::ConnectionManager::REQUIRE);
  EXPECT_EQ(manager.display_name(), "a=\"b\"");
  ASSERT_EQ(manager.listen_addresses_size(), 1);
  EXPECT_EQ(manager.listen_addresses(0).host(), "::1");
  ASSERT_EQ(mask.paths_size(), 6);
  EXPECT_EQ(mask.paths(1), "limits.max_body_bytes");
}

TEST(ApplySettingsTest, SaysWhichSettingIsWrong) {
  v1::ConnectionManager manager;
  EXPECT_EQ(ApplySettings({"strict_dispatching"}, manager, nullptr),
            "--set \"strict_dispatching\" is not path=value");
  const std::string unknown = ApplySettings({"no_such_field=1"}, manager, nullptr);
  EXPECT_EQ(unknown.rfind("--set \"no_such_field=1\" does not fit: ", 0), 0U) << unknown;
  const std::string wrong = ApplySettings({"first_message_timeout=soon"}, manager, nullptr);
  EXPECT_EQ(wrong.rfind("--set \"first_message_timeout=soon\" does not fit: ", 0), 0U) << wrong;
}

TEST(FullNameTest, CompletesAnIdAndKeepsAName) {
  EXPECT_EQ(FullName("endpoints", "alice"), "endpoints/alice");
  EXPECT_EQ(FullName("endpoints", "endpoints/alice"), "endpoints/alice");
}

TEST(ReadFileTest, SaysWhatCannotBeRead) {
  std::string content;
  EXPECT_FALSE(ReadFile("/no/such/file", content));
  EXPECT_EQ(content, "cannot read \"/no/such/file\": No such file or directory");
}

}  // namespace
}  // namespace sipcm::cli
