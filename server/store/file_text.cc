#include "server/store/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

class OpenFile {
 public:
  // Without waiting: a FIFO that nobody writes to would hold the process for ever.
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status Unreadable(const std::string& path, absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                   absl::StrCat("cannot read \"", absl::Utf8SafeCEscape(path), "\": ", why,
                                "; check the path and its permissions"));
}

}  // namespace

absl::StatusOr<std::string> ReadFileText(const std::string& path, size_t most) {
  const OpenFile file(path);
  if (file.descriptor() < 0) return Unreadable(path, std::strerror(errno));
  struct stat about;
  if (fstat(file.descriptor(), &about) != 0) return Unreadable(path, std::strerror(errno));
  if (S_ISDIR(about.st_mode)) return Unreadable(path, std::strerror(EISDIR));
  if (!S_ISREG(about.st_mode)) return Unreadable(path, "it is a device or a pipe, not a file");
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = read(file.descriptor(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unreadable(path, std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > most) {
      return Unreadable(path, absl::StrCat("it has more than ", most, " bytes"));
    }
  }
}

}  // namespace sipcm::server
