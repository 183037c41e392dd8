#ifndef SIPCM_TESTS_FAKES_FAKE_FILE_WATCHER_H_
#define SIPCM_TESTS_FAKES_FAKE_FILE_WATCHER_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/files/file_watcher.h"

namespace sipcm::fakes {

// Tells of the files that a test touches. One thread.
class FakeFileWatcher final : public server::FileWatcher {
 public:
  void SetPaths(std::set<std::string> paths) override { paths_ = std::move(paths); }
  std::vector<std::string> TakeChanged() override {
    std::vector<std::string> changed;
    for (const std::string& path : std::exchange(touched_, {})) {
      if (paths_.count(path) > 0) changed.push_back(path);
    }
    return changed;
  }

  void Touch(const std::string& path) { touched_.push_back(path); }
  const std::set<std::string>& paths() const { return paths_; }

 private:
  std::set<std::string> paths_;
  std::vector<std::string> touched_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_FAKE_FILE_WATCHER_H_
