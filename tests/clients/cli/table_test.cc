#include "clients/cli/table.h"

#include <gtest/gtest.h>

namespace sipcm::cli {
namespace {

TEST(TableTest, AlignsColumnsAndMarksEmptyCells) {
  Table table({"NAME", "STATE"});
  table.Add({"endpoints/alice", "READY"});
  table.Add({"b", ""});
  EXPECT_EQ(table.Text(),
            "NAME             STATE\n"
            "endpoints/alice  READY\n"
            "b                -\n");
}

TEST(TableTest, CountsCharactersNotBytes) {
  Table table({"A", "B"});
  table.Add({"ü", "x"});
  EXPECT_EQ(table.Text(), "A  B\nü  x\n");
}

TEST(TableTest, KeepsCellsOnTheirLineAndOffTheTerminal) {
  Table table({"A"});
  table.Add({"one\ntwo\x1b[31m"});
  EXPECT_EQ(table.Text(), "A\none two\\x1b[31m\n");
}

TEST(PrintableTest, EscapesControlCharactersButKeepsLines) {
  EXPECT_EQ(Printable("a\nb\tc\x07"), "a\nb\tc\\x07");
}

}  // namespace
}  // namespace sipcm::cli
