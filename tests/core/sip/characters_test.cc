#include "core/sip/characters.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(CharactersTest, TokensAreThoseOfRfc3261) {
  EXPECT_TRUE(IsToken("!interesting-Method0123456789_*+`.%indeed'~"));
  EXPECT_FALSE(IsToken(""));
  for (const char* text : {"a b", "a:b", "a/b", "a\"", "<a", "a@b", "a\t", "\xC3\xA9", "a,b"}) {
    EXPECT_FALSE(IsToken(text)) << text;
  }
}

TEST(CharactersTest, NumbersNeverWrap) {
  uint64_t value = 7;
  EXPECT_TRUE(ParseNumber("0", 255, &value));
  EXPECT_EQ(value, 0u);
  EXPECT_TRUE(ParseNumber("000000000000000000000000000000000255", 255, &value));
  EXPECT_EQ(value, 255u);
  EXPECT_TRUE(ParseNumber("18446744073709551615", UINT64_MAX, &value));
  EXPECT_EQ(value, UINT64_MAX);
  for (const char* text : {"256", "4294967551", "18446744073709551871", "", "-1", "+1", "0x1", "1 ",
                           " 1", "1,1", "99999999999999999999999999999999999999"}) {
    EXPECT_FALSE(ParseNumber(text, 255, &value)) << text;
  }
  EXPECT_FALSE(ParseNumber("18446744073709551616", UINT64_MAX, &value));
  EXPECT_TRUE(ParseNumber("5", 5, &value));
  EXPECT_FALSE(ParseNumber("6", 5, &value));
  EXPECT_FALSE(ParseNumber("1", 0, &value));
}

TEST(CharactersTest, TrimDropsFoldsToo) {
  EXPECT_EQ(Trim(" \t\r\n a b \r\n\t "), "a b");
  EXPECT_EQ(Trim(" \r\n "), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(CharactersTest, FindControlFindsTheFirstOneWhereverItIs) {
  for (size_t size = 0; size < 50; ++size) {
    for (size_t position = 0; position <= size; ++position) {
      std::string text(size, 'x');
      if (position < size) text[position] = '\r';
      const char* const end = text.data() + text.size();
      EXPECT_EQ(FindControl(text.data(), end), text.data() + position);
    }
  }
}

TEST(CharactersTest, FindControlStopsAtEveryByteThatCanBreakALine) {
  for (int c = 0; c < 256; ++c) {
    for (size_t size : {1u, 16u, 20u}) {
      const std::string text(size, static_cast<char>(c));
      const bool is_found = FindControl(text.data(), text.data() + size) == text.data();
      EXPECT_EQ(is_found, c <= '\r') << c;
    }
  }
}

TEST(CharactersTest, UnfoldMakesOneSpaceOfEachFold) {
  std::string storage;
  EXPECT_EQ(Unfold("a \r\n\t b\r\n c", &storage), "a b c");
  EXPECT_EQ(Unfold("\r\n a", &storage), " a");
}

TEST(CharactersTest, UnfoldCopiesNothingWithoutAFold) {
  std::string storage = "untouched";
  const absl::string_view value = "a  b";
  EXPECT_EQ(Unfold(value, &storage).data(), value.data());
  EXPECT_EQ(storage, "untouched");
}

}  // namespace
}  // namespace sipcm::sip
