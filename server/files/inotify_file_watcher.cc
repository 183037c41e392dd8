#include "server/files/inotify_file_watcher.h"

#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sipcm::server {
namespace {

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kMaxLinks = 40;           // as the kernel's
constexpr int kCallsBetweenLooks = 30;  // at all files, whatever inotify says

std::deque<std::string> Components(const std::string& path) {
  return absl::StrSplit(path, '/', absl::SkipEmpty());
}

int64_t Nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

InotifyFileWatcher::InotifyFileWatcher() : descriptor_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

InotifyFileWatcher::~InotifyFileWatcher() {
  if (descriptor_ >= 0) close(descriptor_);
}

InotifyFileWatcher::Stamp InotifyFileWatcher::StampOf(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0) return {};
  Stamp stamp;
  stamp.device = about.st_dev;
  stamp.inode = about.st_ino;
  stamp.size = about.st_size;
  stamp.modified = Nanoseconds(about.st_mtim);
  stamp.changed = Nanoseconds(about.st_ctim);
  return stamp;
}

// Walks the path as the kernel does. What is not there yet ends the walk at its folder.
std::set<InotifyFileWatcher::Step> InotifyFileWatcher::StepsTo(const std::string& path) {
  std::set<Step> steps;
  std::deque<std::string> left = Components(path);
  std::string folder;  // walked so far; empty: the root
  for (int links = 0; !left.empty();) {
    const std::string name = left.front();
    left.pop_front();
    if (name == ".") continue;
    if (name == "..") {
      folder.resize(folder.empty() ? 0 : folder.rfind('/'));
      continue;
    }
    const std::string here = absl::StrCat(folder, "/", name);
    const Step step(folder.empty() ? "/" : folder, name);
    char target[PATH_MAX];
    const ssize_t size = readlink(here.c_str(), target, sizeof(target));
    if (size <= 0) {
      struct stat about;
      const bool is_folder = stat(here.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
      if (!is_folder || left.empty()) steps.insert(step);
      if (!is_folder) return steps;
      folder = here;
      continue;
    }
    steps.insert(step);
    if (++links > kMaxLinks) return steps;
    const std::string to(target, static_cast<size_t>(size));
    if (to.front() == '/') folder.clear();
    std::deque<std::string> between = Components(to);
    left.insert(left.begin(), between.begin(), between.end());
  }
  return steps;
}

void InotifyFileWatcher::SetPaths(std::set<std::string> paths) {
  absl::MutexLock lock(&mutex_);
  wanted_ = std::move(paths);
}

bool InotifyFileWatcher::TakePaths() {
  std::set<std::string> paths;
  {
    absl::MutexLock lock(&mutex_);
    if (!wanted_.has_value()) return false;
    paths = *std::exchange(wanted_, std::nullopt);
  }
  for (auto it = files_.begin(); it != files_.end();) {
    it = paths.count(it->first) == 0 ? files_.erase(it) : std::next(it);
  }
  for (const std::string& path : paths) files_[path];
  return true;
}

void InotifyFileWatcher::WalkToFiles() {
  for (auto& [path, file] : files_) file.steps = StepsTo(path);
  if (descriptor_ < 0) return;
  std::set<std::string> wanted;
  for (const auto& [path, file] : files_) {
    for (const Step& step : file.steps) wanted.insert(step.first);
  }
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (wanted.count(it->first) > 0) {
      ++it;
      continue;
    }
    inotify_rm_watch(descriptor_, it->second);
    it = watches_.erase(it);
  }
  // Adding one that is there answers the same watch; a folder that was replaced gets a new one.
  for (const std::string& folder : wanted) {
    const int watch = inotify_add_watch(descriptor_, folder.c_str(), kEvents);
    if (watch >= 0) watches_[folder] = watch;
  }
}

std::set<InotifyFileWatcher::Step> InotifyFileWatcher::TakeEvents() {
  std::set<Step> named;
  alignas(inotify_event) char buffer[16 * 1024];
  while (descriptor_ >= 0) {
    const ssize_t size = read(descriptor_, buffer, sizeof(buffer));
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) calls_ = 0;  // look at all
      for (const auto& [folder, watch] : watches_) {
        if (watch == event->wd) named.emplace(folder, event->len > 0 ? event->name : "");
      }
    }
  }
  return named;
}

std::vector<std::string> InotifyFileWatcher::TakeChanged() {
  absl::MutexLock lock(&looking_);
  if (TakePaths()) WalkToFiles();
  const std::set<Step> named = TakeEvents();
  const bool look_at_all = descriptor_ < 0 || calls_ == 0;
  calls_ = (calls_ + 1) % kCallsBetweenLooks;
  std::vector<std::string> changed;
  bool moved = false;
  for (auto& [path, file] : files_) {
    const bool is_named = std::any_of(file.steps.begin(), file.steps.end(), [&](const Step& step) {
      return named.count(step) > 0 || named.count({step.first, ""}) > 0;
    });
    if (!is_named && !file.is_due && !look_at_all) continue;
    const Stamp stamp = StampOf(path);
    file.is_due = file.is_due || is_named || stamp != file.told;
    if (!file.is_due) continue;
    moved = true;
    const bool at_rest = !is_named && file.seen == stamp;
    file.seen = stamp;
    if (!at_rest) continue;
    file.told = stamp;
    file.is_due = false;
    changed.push_back(path);
  }
  if (moved) WalkToFiles();
  return changed;
}

}  // namespace sipcm::server
