#ifndef SIPCM_SERVER_FILES_FILE_WATCHER_H_
#define SIPCM_SERVER_FILES_FILE_WATCHER_H_

#include <set>
#include <string>
#include <vector>

namespace sipcm::server {

// Which of some files may have changed. Asked, not telling: whoever asks about once a second needs
// neither a thread nor a timer for it. Any thread.
class FileWatcher {
 public:
  virtual ~FileWatcher() = default;

  // From now on these and no others. Absolute; a file need not be there yet. Looks at none of them:
  // it waits for no file system.
  virtual void SetPaths(std::set<std::string> paths) = 0;

  // Those whose file, or the file that their symbolic links lead to, was written, replaced or
  // removed and has been at rest since the call before. One that SetPaths brought counts as changed
  // once, so that nothing is missed between reading and watching. False alarms are possible.
  virtual std::vector<std::string> TakeChanged() = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_FILES_FILE_WATCHER_H_
