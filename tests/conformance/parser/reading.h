#ifndef SIPCM_TESTS_CONFORMANCE_PARSER_READING_H_
#define SIPCM_TESTS_CONFORMANCE_PARSER_READING_H_

#include <map>
#include <string>
#include <vector>

namespace sipcm {

// What one parser understood of some bytes. `fields` have the same names whoever read.
struct Reading {
  bool is_taken = false;
  std::map<std::string, std::string> fields;  // of what was taken; absent: not there
};

// A field in which two readings of the same bytes disagree.
struct Difference {
  std::string field;  // "verdict" when only one parser took the bytes
  std::string ours;   // printable, shortened; "-": absent
  std::string theirs;
};

// In the order of the fields' names. What both refused does not differ.
std::vector<Difference> Compare(const Reading& ours, const Reading& theirs);

}  // namespace sipcm

#endif  // SIPCM_TESTS_CONFORMANCE_PARSER_READING_H_
