#ifndef SIPCM_SERVER_FILES_INOTIFY_FILE_WATCHER_H_
#define SIPCM_SERVER_FILES_INOTIFY_FILE_WATCHER_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/files/file_watcher.h"

namespace sipcm::server {

// inotify(7) on the folders of the files and of the symbolic links on the way to them, so that
// files written in place, renamed over, and swapped by a link (Kubernetes' "..data", certbot's
// "live") are noticed alike. Every 30th call looks at all files whatever inotify said: a network
// file system tells it nothing, and a kernel may refuse a watch.
class InotifyFileWatcher final : public FileWatcher {
 public:
  InotifyFileWatcher();
  ~InotifyFileWatcher() override;
  InotifyFileWatcher(const InotifyFileWatcher&) = delete;
  InotifyFileWatcher& operator=(const InotifyFileWatcher&) = delete;

  void SetPaths(std::set<std::string> paths) override;
  std::vector<std::string> TakeChanged() override;

 private:
  // What tells one content of a file from another; all zero when it is not there.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified = 0;  // nanoseconds
    int64_t changed = 0;
    bool operator==(const Stamp&) const = default;
  };
  // A name in a folder: a file, or a link on the way to one.
  using Step = std::pair<std::string, std::string>;
  struct File {
    std::set<Step> steps;
    std::optional<Stamp> told;  // nothing: never
    std::optional<Stamp> seen;  // by the call before
    bool is_due = true;         // inotify named one of its steps, or the stamp moved
  };

  static Stamp StampOf(const std::string& path);
  static std::set<Step> StepsTo(const std::string& path);
  // Makes `files_` what was asked for last. False: it is.
  bool TakePaths() ABSL_EXCLUSIVE_LOCKS_REQUIRED(looking_) ABSL_LOCKS_EXCLUDED(mutex_);
  // The steps that inotify named since the last call.
  std::set<Step> TakeEvents() ABSL_EXCLUSIVE_LOCKS_REQUIRED(looking_);
  // Walks to all files anew, and watches the folders on the way.
  void WalkToFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(looking_);

  const int descriptor_;  // below 0: no inotify, every call looks at all files
  absl::Mutex mutex_;     // for moments: a file system that hangs holds up no caller of SetPaths
  std::optional<std::set<std::string>> wanted_ ABSL_GUARDED_BY(mutex_);  // not looked at yet
  absl::Mutex looking_;  // while files are looked at
  std::map<std::string, File> files_ ABSL_GUARDED_BY(looking_);
  std::map<std::string, int> watches_ ABSL_GUARDED_BY(looking_);  // by folder
  int calls_ ABSL_GUARDED_BY(looking_) = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_FILES_INOTIFY_FILE_WATCHER_H_
