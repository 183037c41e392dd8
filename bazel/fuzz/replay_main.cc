// Runs a libFuzzer entry over given files with any compiler, so that each seed and each once found
// crash stays a plain regression test.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

int main(int argc, char** argv) {
  LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::cerr << "cannot read seed \"" << argv[i] << "\"\n";
      return 1;
    }
    std::cout << "replaying " << argv[i] << std::endl;  // Flushed: names the seed that crashes.
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  std::cout << "replayed " << argc - 1 << " seeds and the empty input" << std::endl;
  return 0;
}
