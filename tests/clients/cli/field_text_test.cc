#include "clients/cli/field_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "proto/sipcm/v1/connection.pb.h"
#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/error.pb.h"

namespace sipcm::cli {
namespace {

TEST(FieldTextTest, WritesValuesForPeople) {
  v1::Connection connection;
  connection.set_direction(v1::INCOMING);
  connection.mutable_remote_address()->set_host("127.0.0.1");
  connection.mutable_remote_address()->set_port(5070);
  connection.mutable_idle_timeout()->set_seconds(900);
  connection.mutable_open_time()->set_seconds(0);
  connection.mutable_peer()->set_certificate_fingerprint("\x01\xab");
  connection.mutable_statistics()->set_received_byte_count(int64_t{1} << 40);
  EXPECT_EQ(FieldText(connection, "direction"), "INCOMING");
  EXPECT_EQ(FieldText(connection, "remote_address"), "127.0.0.1:5070");
  EXPECT_EQ(FieldText(connection, "idle_timeout"), "900s");
  EXPECT_EQ(FieldText(connection, "open_time"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FieldText(connection, "peer.certificate_fingerprint"), "01ab");
  EXPECT_EQ(FieldText(connection, "statistics.received_byte_count"), "1099511627776");
}

TEST(FieldTextTest, PutsIpv6AddressesIntoBrackets) {
  v1::Connection connection;
  connection.mutable_local_address()->set_host("::1");
  connection.mutable_local_address()->set_port(5060);
  EXPECT_EQ(FieldText(connection, "local_address"), "[::1]:5060");
}

TEST(FieldTextTest, JoinsLists) {
  v1::ConnectionManager manager;
  manager.add_warnings("one");
  manager.add_warnings("two");
  manager.add_allowed_domains()->set_pattern("localhost");
  manager.add_allowed_domains()->set_pattern(".contoso.com");
  EXPECT_EQ(FieldText(manager, "warnings"), "one, two");
  EXPECT_EQ(FieldText(manager, "allowed_domains.pattern"), "localhost, .contoso.com");
}

TEST(FieldTextTest, IsEmptyForWhatIsUnsetOrUnknown) {
  const v1::Connection connection;
  EXPECT_EQ(FieldText(connection, "peer.subject"), "");
  EXPECT_EQ(FieldText(connection, "no_such_field"), "");
  EXPECT_EQ(FieldText(connection, "name.part"), "");
}

TEST(FieldTextsTest, ListsWhatIsSetWithPaths) {
  v1::ConnectionManager manager;
  manager.set_name("connectionManagers/edge");
  manager.add_allowed_domains()->set_pattern("localhost");
  manager.mutable_limits()->set_max_body_bytes(0);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"name", "connectionManagers/edge"},
      {"allowed_domains[0].pattern", "localhost"},
      {"limits.max_body_bytes", "0"},
  };
  EXPECT_EQ(FieldTexts(manager), expected);
}

TEST(FieldTextsTest, ShowsMapsByEntry) {
  v1::ErrorDetail detail;
  (*detail.mutable_metadata())["address"] = "127.0.0.1:5060";
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"metadata[0].key", "address"}, {"metadata[0].value", "127.0.0.1:5060"}};
  EXPECT_EQ(FieldTexts(detail), expected);
}

}  // namespace
}  // namespace sipcm::cli
