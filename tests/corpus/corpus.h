#ifndef SIPCM_TESTS_CORPUS_CORPUS_H_
#define SIPCM_TESTS_CORPUS_CORPUS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sipcm {

// One torture message and what may happen to it on a stream.
struct CorpusMessage {
  std::string name;    // "wsinv"
  std::string folder;  // "rfc4475"
  std::string bytes;
  std::string stream_action;            // "dispatch"
  std::vector<std::string> acceptable;  // {"reply-400", "close"}; a note may follow the word

  // Whether an acceptable outcome begins with `outcome` ("dispatch", "reply-400", "close", "drop").
  bool Accepts(absl::string_view outcome) const;
};

// All messages of both folders, in the order of their tables. Reads below the working directory,
// which is the runfiles root under Bazel; dies with the missing file's name.
std::vector<CorpusMessage> LoadCorpus();

}  // namespace sipcm

#endif  // SIPCM_TESTS_CORPUS_CORPUS_H_
