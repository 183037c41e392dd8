#include "server/store/file_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

void ExpectUnreadable(const std::string& path, size_t most, const std::string& why) {
  const absl::Status status = ReadFileText(path, most).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "FILE_UNREADABLE");
  EXPECT_TRUE(
      absl::StrContains(status.message(), absl::StrCat("cannot read \"", path, "\": ", why)))
      << status;
}

TEST(FileTextTest, AFileIsReadUpToTheBoundAndNotBeyond) {
  const std::string path = absl::StrCat(testing::TempDir(), "/file_text");
  const std::string text = std::string(20'000, 'x') + '\0' + "\n";
  std::ofstream(path) << text;
  EXPECT_EQ(*ReadFileText(path, text.size()), text);
  ExpectUnreadable(path, text.size() - 1, "it has more than 20001 bytes");
}

TEST(FileTextTest, AFolderIsRefused) { ExpectUnreadable("/", 100, "Is a directory"); }

TEST(FileTextTest, AFileThatIsNotThereIsRefused) {
  ExpectUnreadable("/no/such/file", 100, "No such file");
}

TEST(FileTextTest, APipeIsRefusedWithoutWaitingForItsWriter) {
  const std::string path = absl::StrCat(testing::TempDir(), "/fifo");
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  ExpectUnreadable(path, 100, "it is a device or a pipe");
}

TEST(FileTextTest, AnEndlessDeviceIsRefused) {
  ExpectUnreadable("/dev/zero", 1 << 20, "it is a device or a pipe");
}

}  // namespace
}  // namespace sipcm::server
