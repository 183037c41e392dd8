#include "tests/corpus/corpus.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sipcm {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read \"%s\"\n", path.c_str());
    std::abort();
  }
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void LoadFolder(const std::string& folder, std::vector<CorpusMessage>* messages) {
  constexpr size_t kName = 0;
  constexpr size_t kStreamAction = 3;
  constexpr size_t kAcceptable = 4;
  const std::string root = absl::StrCat("tests/corpus/", folder, "/");
  const std::string table = ReadFile(root + "expectations.tsv");
  std::vector<std::string> rows = absl::StrSplit(table, '\n', absl::SkipWhitespace());
  for (size_t i = 1; i < rows.size(); ++i) {  // the first row is the heading
    const std::vector<std::string> columns = absl::StrSplit(rows[i], '\t');
    CorpusMessage message;
    message.name = columns[kName];
    message.folder = folder;
    message.stream_action = columns[kStreamAction];
    message.acceptable = absl::StrSplit(columns[kAcceptable], '|');
    message.bytes = ReadFile(absl::StrCat(root, message.name, ".dat"));
    messages->push_back(message);
  }
}

}  // namespace

bool CorpusMessage::Accepts(absl::string_view outcome) const {
  for (const std::string& alternative : acceptable) {
    if (absl::StartsWith(alternative, outcome)) return true;
  }
  return false;
}

std::vector<CorpusMessage> LoadCorpus() {
  std::vector<CorpusMessage> messages;
  LoadFolder("rfc4475", &messages);
  LoadFolder("rfc5118", &messages);
  return messages;
}

}  // namespace sipcm
