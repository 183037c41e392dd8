// Our parser beside GNU oSIP's, over everything that the tests have of SIP: the torture messages of
// RFC 4475 and RFC 5118 (also the fuzzers' seeds), the fuzzer's URIs, the messages of docs/flows.
// Every field in which they disagree is a row of differences.tsv with a judgement; a disagreement
// without a row and a row without disagreement fail.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tests/conformance/parser/osip_reader.h"
#include "tests/conformance/parser/reading.h"
#include "tests/conformance/parser/sipcm_reader.h"
#include "tests/corpus/corpus.h"

namespace sipcm {
namespace {

constexpr absl::string_view kTable = "tests/conformance/parser/differences.tsv";
constexpr absl::string_view kHeading = "what\tfield\tours\tosip\tjudgement";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::vector<std::filesystem::path> FilesOf(absl::string_view folder, absl::string_view extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(folder))) {
    if (entry.path().extension() == std::string(extension)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Rows without their judgements: "what<TAB>field<TAB>ours<TAB>osip".
class Rows {
 public:
  void CompareMessages(absl::string_view what, absl::string_view stream) {
    int number = 0;
    for (const FramedMessage& message : ReadStreamWithSipcm(stream)) {
      ++message_count_;
      Add(++number == 1 ? std::string(what) : absl::StrCat(what, "#", number), message.reading,
          ReadMessageWithOsip(message.bytes));
    }
  }
  void CompareUri(absl::string_view what, absl::string_view text) {
    Add(what, ReadUriWithSipcm(text), ReadUriWithOsip(text));
  }

  const std::set<std::string>& rows() const { return rows_; }
  int message_count() const { return message_count_; }

 private:
  void Add(absl::string_view what, const Reading& ours, const Reading& theirs) {
    for (const Difference& each : Compare(ours, theirs)) {
      rows_.insert(absl::StrJoin({std::string(what), each.field, each.ours, each.theirs}, "\t"));
    }
  }

  std::set<std::string> rows_;
  int message_count_ = 0;
};

// The messages of a page of docs/flows, each in a fenced block called "sip", lines ended by LF.
std::vector<std::string> MessagesOfPage(const std::string& page) {
  std::vector<std::string> messages;
  for (absl::string_view block : absl::StrSplit(page, "```")) {
    if (!absl::ConsumePrefix(&block, "sip\n")) continue;
    messages.push_back(absl::StrReplaceAll(block, {{"\n", "\r\n"}}));
  }
  return messages;
}

Rows CompareAll() {
  Rows rows;
  for (const CorpusMessage& message : LoadCorpus()) {
    rows.CompareMessages(absl::StrCat(message.folder, "/", message.name), message.bytes);
  }
  for (const std::filesystem::path& seed : FilesOf("tests/fuzz/corpus/uri_fuzz", "")) {
    rows.CompareUri(absl::StrCat("uri_fuzz/", seed.filename().string()), ReadFile(seed));
  }
  for (const std::filesystem::path& page : FilesOf("docs/flows", ".md")) {
    int number = 0;
    for (const std::string& message : MessagesOfPage(ReadFile(page))) {
      rows.CompareMessages(absl::StrCat("flows/", page.stem().string(), "/", ++number), message);
    }
  }
  return rows;
}

// Row without judgement -> judgement.
std::map<std::string, std::string> ReadTable() {
  std::map<std::string, std::string> table;
  std::vector<std::string> lines =
      absl::StrSplit(ReadFile(std::string(kTable)), '\n', absl::SkipEmpty());
  EXPECT_FALSE(lines.empty());
  if (lines.empty()) return table;
  EXPECT_EQ(lines.front(), kHeading);
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t last_tab = lines[i].rfind('\t');
    EXPECT_NE(last_tab, std::string::npos) << lines[i];
    if (last_tab != std::string::npos) {
      table[lines[i].substr(0, last_tab)] = lines[i].substr(last_tab + 1);
    }
  }
  return table;
}

class DifferentialTest : public testing::Test {
 protected:
  const Rows compared_ = CompareAll();
  const std::map<std::string, std::string> table_ = ReadTable();
};

TEST_F(DifferentialTest, EveryDifferenceIsInTheTable) {
  for (const std::string& row : compared_.rows()) {
    EXPECT_EQ(table_.count(row), 1u) << "judge this and add it to " << kTable << ":\n" << row;
  }
}

TEST_F(DifferentialTest, EveryRowOfTheTableStillDiffers) {
  for (const auto& [row, judgement] : table_) {
    EXPECT_EQ(compared_.rows().count(row), 1u) << "take it out of " << kTable << ":\n" << row;
  }
}

TEST_F(DifferentialTest, EveryRowHasAJudgement) {
  for (const auto& [row, judgement] : table_) EXPECT_GT(judgement.size(), 10u) << row;
}

TEST_F(DifferentialTest, TheFlowsOfTheDocumentationAreAmongTheMessages) {
  EXPECT_GT(compared_.message_count(), 62 + 50);
}

}  // namespace
}  // namespace sipcm
