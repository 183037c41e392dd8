#include "server/store/page.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "proto/sipcm/v1/endpoint.pb.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Endpoint;

class PageTest : public testing::Test {
 protected:
  void Fill(int count) {
    for (int i = 0; i < count; ++i) names_.insert("endpoints/e" + std::to_string(100 + i));
  }

  // One page of names_, by the rules of its users.
  std::vector<std::string> Read(int size, const std::string& filter, std::string* token) {
    auto page = Page::Begin("endpoints", "", size, *token, filter, Endpoint::descriptor());
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> taken;
    for (auto it = names_.upper_bound(page->after()); it != names_.end(); ++it) {
      Endpoint endpoint;
      endpoint.set_name(*it);
      const Page::Verdict verdict = page->Offer(*it, endpoint);
      if (verdict == Page::Verdict::kFull) break;
      if (verdict == Page::Verdict::kTaken) taken.push_back(*it);
    }
    *token = page->next_page_token();
    return taken;
  }

  absl::Status Refused(int size, const std::string& token, const std::string& filter = "",
                       const std::string& parent = "") {
    return Page::Begin("endpoints", parent, size, token, filter, Endpoint::descriptor()).status();
  }

  std::set<std::string> names_;
};

TEST_F(PageTest, PagesCoverEverythingOnceInOrder) {
  Fill(7);
  std::string token;
  std::vector<std::string> all;
  std::vector<size_t> sizes;
  do {
    const std::vector<std::string> page = Read(3, "", &token);
    sizes.push_back(page.size());
    all.insert(all.end(), page.begin(), page.end());
  } while (!token.empty());
  EXPECT_EQ(sizes, (std::vector<size_t>{3, 3, 1}));
  EXPECT_EQ(all, std::vector<std::string>(names_.begin(), names_.end()));
}

TEST_F(PageTest, AFullLastPageHasNoToken) {
  Fill(6);
  std::string token;
  Read(3, "", &token);
  Read(3, "", &token);
  EXPECT_EQ(token, "");
}

TEST_F(PageTest, WhatComesAndGoesBetweenPagesNeitherRepeatsNorHidesTheRest) {
  Fill(6);
  std::string token;
  Read(3, "", &token);
  names_.erase("endpoints/e102");  // the last one that was told
  names_.insert("endpoints/e000");
  EXPECT_EQ(Read(3, "", &token),
            (std::vector<std::string>{"endpoints/e103", "endpoints/e104", "endpoints/e105"}));
}

TEST_F(PageTest, FilteredPagesAreFullToo) {
  Fill(30);
  std::string token;
  EXPECT_EQ(Read(2, "name : 5", &token),
            (std::vector<std::string>{"endpoints/e105", "endpoints/e115"}));
  EXPECT_EQ(Read(2, "name : 5", &token), (std::vector<std::string>{"endpoints/e125"}));
  EXPECT_EQ(token, "");
}

TEST_F(PageTest, SizeZeroIsTheDefaultAndTooMuchIsCut) {
  Fill(1);
  for (int i = 0; i < 1500; ++i) names_.insert("endpoints/x" + std::to_string(1000 + i));
  std::string token;
  EXPECT_EQ(Read(0, "", &token).size(), static_cast<size_t>(Page::kDefaultSize));
  token.clear();
  EXPECT_EQ(Read(5000, "", &token).size(), static_cast<size_t>(Page::kMaxSize));
}

TEST_F(PageTest, ANegativeSizeIsRefused) {
  const absl::Status status = Refused(-1, "");
  EXPECT_EQ(FieldOf(status), "page_size");
  EXPECT_EQ(ReasonOf(status), "FIELD_OUT_OF_RANGE");
}

TEST_F(PageTest, ATokenOfAnotherListIsRefused) {
  Fill(4);
  std::string token;
  Read(2, "", &token);
  for (const absl::Status& status :
       {Refused(2, "nonsense"), Refused(2, token, "name : e"), Refused(2, token, "", "parent"),
        Refused(2, token.substr(1))}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), "INVALID_PAGE_TOKEN");
    EXPECT_EQ(FieldOf(status), "page_token");
  }
}

}  // namespace
}  // namespace sipcm::server
