// Sends messages through the engine, for a program that counts instructions
// (tests/benchmark/guard).
//   hot_path_runner answer|dispatch|send COUNT

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "tests/benchmark/hot_path/hot_path.h"

int main(int argc, char** argv) {
  using sipcm::engine::HotPath;
  const absl::string_view step = argc == 3 ? argv[1] : "";
  int count = 0;
  if (argc != 3 || !absl::SimpleAtoi(argv[2], &count) || count % HotPath::kWindow != 0) {
    std::fprintf(stderr, "usage: hot_path_runner answer|dispatch|send COUNT, a multiple of %d\n",
                 HotPath::kWindow);
    return 2;
  }
  HotPath path;
  if (step == "answer") {
    path.Answer(count);
  } else if (step == "dispatch") {
    path.Dispatch(count);
  } else if (step == "send") {
    path.Send(count);
  } else {
    std::fprintf(stderr, "no such step: \"%s\"\n", argv[1]);
    return 2;
  }
  return 0;
}
