#include "core/sip/gruu.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "core/sip/address_of_record.h"
#include "core/sip/characters.h"
#include "core/sip/escape.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {
namespace {

struct GruuParameters {
  bool has_gr = false;
  bool has_gruu = false;
  absl::string_view gr;
  absl::string_view opaque;
};

GruuParameters Read(const UriView& uri) {
  GruuParameters read;
  ParameterIterator parameters(uri.parameters);
  for (Parameter parameter; parameters.Next(&parameter);) {
    if (absl::EqualsIgnoreCase(parameter.name, "gr")) {
      read.has_gr = true;
      read.gr = parameter.value;
    } else if (absl::EqualsIgnoreCase(parameter.name, "gruu")) {
      read.has_gruu = true;
    } else if (absl::EqualsIgnoreCase(parameter.name, "opaque")) {
      read.opaque = parameter.value;
    }
  }
  return read;
}

}  // namespace

Gruu::Gruu(const UriView& uri) {
  if (!uri.ok() || !uri.is_sip() || uri.parameters.empty()) return;
  const GruuParameters parameters = Read(uri);
  const bool is_opaque = parameters.has_gruu && !parameters.opaque.empty();
  if (!parameters.has_gr && !is_opaque) return;
  Append(AddressOfRecord(uri).text());
  if (!parameters.has_gr) {
    Append(";opaque=");
    AppendValue(parameters.opaque);
    Append(";gruu");
    return;
  }
  Append(";gr");
  if (parameters.gr.empty()) return;
  Append("=");
  AppendValue(parameters.gr);
}

void Gruu::AppendValue(absl::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (const int decoded = DecodeEscape(value, i);
        decoded >= 0 && IsUnreserved(static_cast<char>(decoded))) {
      c = static_cast<char>(decoded);
      i += 2;
    }
    text_.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
}

}  // namespace sipcm::sip
