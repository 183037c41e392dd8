#include "server/store/file_text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

absl::Status Unreadable(const std::string& path, absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                   absl::StrCat("cannot read \"", absl::Utf8SafeCEscape(path), "\": ", why,
                                "; check the path and its permissions"));
}

}  // namespace

absl::StatusOr<std::string> ReadFileText(const std::string& path, size_t most) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return Unreadable(path, std::strerror(errno));
  std::string text;
  char buffer[16384];
  while (true) {
    const size_t count = std::fread(buffer, 1, sizeof(buffer), file.get());
    text.append(buffer, count);
    if (text.size() > most) {
      return Unreadable(path, absl::StrCat("it has more than ", most, " bytes"));
    }
    if (count == sizeof(buffer)) continue;
    if (std::ferror(file.get())) return Unreadable(path, std::strerror(errno));
    return text;
  }
}

}  // namespace sipcm::server
