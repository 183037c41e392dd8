#include "server/files/inotify_file_watcher.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::server {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class InotifyFileWatcherTest : public testing::Test {
 protected:
  InotifyFileWatcherTest() {
    std::string name = testing::TempDir() + "/watch.XXXXXX";
    EXPECT_NE(mkdtemp(&name[0]), nullptr);
    folder_ = fs::canonical(name);
  }
  ~InotifyFileWatcherTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) const {
    const std::string path = folder_ / name;
    std::ofstream(path) << content;
    return path;
  }
  // Watches it, and takes the report that every new path gets.
  void Watch(const std::string& path) {
    watcher_.SetPaths({path});
    EXPECT_THAT(watcher_.TakeChanged(), IsEmpty());  // not at rest yet: seen only once
    EXPECT_THAT(watcher_.TakeChanged(), ElementsAre(path));
    EXPECT_THAT(watcher_.TakeChanged(), IsEmpty());
  }
  // What is told of a change that was made just now.
  std::vector<std::string> TakeSettled() {
    EXPECT_THAT(watcher_.TakeChanged(), IsEmpty()) << "told before the file was at rest";
    std::vector<std::string> changed = watcher_.TakeChanged();
    EXPECT_THAT(watcher_.TakeChanged(), IsEmpty());
    return changed;
  }

  fs::path folder_;
  InotifyFileWatcher watcher_;
};

TEST_F(InotifyFileWatcherTest, TellsOfAFileThatIsWrittenInPlace) {
  const std::string path = Write("a.pem", "1");
  Watch(path);
  Write("a.pem", "2");
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
}

TEST_F(InotifyFileWatcherTest, TellsOfAFileThatIsRenamedOver) {
  const std::string path = Write("a.pem", "1");
  Watch(path);
  fs::rename(Write("a.pem.new", "2"), path);
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
  fs::rename(Write("a.pem.new", "3"), path);
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
}

// As Kubernetes mounts secrets: tls.crt -> ..data/tls.crt, ..data -> ..1, and ..data is renamed.
TEST_F(InotifyFileWatcherTest, TellsOfALinkThatIsSwappedOnTheWay) {
  fs::create_directory(folder_ / "..1");
  Write("..1/tls.crt", "1");
  fs::create_directory_symlink("..1", folder_ / "..data");
  fs::create_symlink("..data/tls.crt", folder_ / "tls.crt");
  const std::string path = folder_ / "tls.crt";
  Watch(path);
  for (const std::string version : {"..2", "..3"}) {
    fs::create_directory(folder_ / version);
    Write(version + "/tls.crt", version);
    fs::create_directory_symlink(version, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    EXPECT_THAT(TakeSettled(), ElementsAre(path)) << version;
  }
}

// As certbot: live/a.pem -> ../../archive/a1.pem, and the link is made anew.
TEST_F(InotifyFileWatcherTest, TellsOfALinkThatIsMadeAnewAndOfTheFileThatItLeadsTo) {
  fs::create_directories(folder_ / "live/site");
  fs::create_directories(folder_ / "archive/site");
  Write("archive/site/a1.pem", "1");
  fs::create_symlink("../../archive/site/a1.pem", folder_ / "live/site/a.pem");
  const std::string path = folder_ / "live/site/a.pem";
  Watch(path);
  Write("archive/site/a2.pem", "2");
  EXPECT_THAT(watcher_.TakeChanged(), IsEmpty());
  fs::remove(path);
  fs::create_symlink("../../archive/site/a2.pem", path);
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
  Write("archive/site/a2.pem", "3");
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
}

TEST_F(InotifyFileWatcherTest, AFileThatIsWrittenInPiecesIsToldOfOnceItIsAtRest) {
  const std::string path = Write("a.pem", "1");
  Watch(path);
  for (const char* content : {"1", "12", "123"}) {
    Write("a.pem", content);
    EXPECT_THAT(watcher_.TakeChanged(), IsEmpty());
  }
  EXPECT_THAT(watcher_.TakeChanged(), ElementsAre(path));
}

TEST_F(InotifyFileWatcherTest, AFileMayComeAndGo) {
  const std::string path = folder_ / "later/a.pem";
  Watch(path);
  fs::create_directory(folder_ / "later");
  Write("later/a.pem", "1");
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
  fs::remove(path);
  EXPECT_THAT(TakeSettled(), ElementsAre(path));
}

TEST_F(InotifyFileWatcherTest, NeighboursAndPathsThatAreNoMoreWatchedAreNotTold) {
  const std::string path = Write("a.pem", "1");
  Watch(path);
  Write("b.pem", "1");
  EXPECT_THAT(TakeSettled(), IsEmpty());
  watcher_.SetPaths({});
  Write("a.pem", "2");
  EXPECT_THAT(TakeSettled(), IsEmpty());
}

TEST_F(InotifyFileWatcherTest, ALoopOfLinksIsNoEndlessWalk) {
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  Watch(folder_ / "a");
}

}  // namespace
}  // namespace sipcm::server
