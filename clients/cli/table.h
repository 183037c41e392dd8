#ifndef SIPCM_CLIENTS_CLI_TABLE_H_
#define SIPCM_CLIENTS_CLI_TABLE_H_

#include <string>
#include <utility>
#include <vector>

namespace sipcm::cli {

// Rows under headings, in columns as wide as their widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}

  // As many cells as there are headings. An empty cell is shown as "-".
  void Add(std::vector<std::string> cells);

  // Lines with two spaces between columns and none at the end. Control characters in cells are
  // escaped, so that nothing that a peer sent reaches the terminal.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // The headings first.
};

// Control characters other than line feed and tab as \xNN.
std::string Printable(const std::string& text);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_TABLE_H_
