#include "server/log/log_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sipcm::server {
namespace {

constexpr size_t kMaxValueBytes = 1000;

// The bytes of the UTF-8 sequence at the front, 0 when it is none. C1 controls count as none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) >= 0xf0 && byte(0) <= 0xf4   ? 4
                        : byte(0) >= 0xe0 && byte(0) <= 0xef ? 3
                        : byte(0) >= 0xc2 && byte(0) <= 0xdf ? 2
                                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool outside = (byte(0) == 0xed && byte(1) > 0x9f) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  const bool c1 = byte(0) == 0xc2 && byte(1) < 0xa0;
  // U+2028 and U+2029 end lines in some readers; U+202A to U+202E turn the text's direction.
  const bool turns = byte(0) == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae;
  return overlong || outside || c1 || turns ? 0 : length;
}

enum class Quotes : unsigned char { kKept, kEscaped };

void AppendHex(unsigned char c, std::string* out) { absl::StrAppendFormat(out, "\\x%02x", c); }

// `hex` makes the escape of one byte.
template <typename Hex>
void AppendPrintable(absl::string_view value, Quotes quotes, Hex hex, std::string* out) {
  for (size_t i = 0; i < value.size();) {
    const unsigned char c = value[i];
    if (quotes == Quotes::kEscaped && (c == '"' || c == '\\')) {
      out->append({'\\', static_cast<char>(c)});
      ++i;
    } else if (c >= 0x20 && c < 0x7f) {
      out->push_back(static_cast<char>(c));
      ++i;
    } else if (const size_t length = SequenceLength(value.substr(i)); length > 0) {
      out->append(value.data() + i, length);
      i += length;
    } else {
      hex(c, out);
      ++i;
    }
  }
}

template <typename Hex>
void AppendEscaped(absl::string_view value, Hex hex, std::string* out) {
  AppendPrintable(value.substr(0, kMaxValueBytes), Quotes::kEscaped, hex, out);
  if (value.size() > kMaxValueBytes) out->append("...");
}

void AppendTextValue(absl::string_view value, std::string* out) {
  bool plain = !value.empty() && value.size() <= kMaxValueBytes;
  for (const char c : value) {
    plain = plain && (absl::ascii_isalnum(c) ||
                      absl::string_view("-_.:/[]@+,").find(c) != absl::string_view::npos);
  }
  if (plain) {
    absl::StrAppend(out, value);
    return;
  }
  out->push_back('"');
  AppendEscaped(value, AppendHex, out);
  out->push_back('"');
}

void AppendJsonValue(absl::string_view value, std::string* out) {
  out->push_back('"');
  // JSON has no byte escape: a foreign byte becomes the text \x.., a control its own \u00...
  AppendEscaped(
      value,
      [](unsigned char c, std::string* to) {
        if (c < 0x20 || c == 0x7f) {
          absl::StrAppendFormat(to, "\\u%04x", c);
        } else {
          absl::StrAppendFormat(to, "\\\\x%02x", c);
        }
      },
      out);
  out->push_back('"');
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::string PrintableLine(absl::string_view text) {
  std::string line;
  AppendPrintable(text, Quotes::kKept, AppendHex, &line);
  return line;
}

std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view event, const LogFields& fields) {
  const std::string when = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
  std::string line;
  if (format == LogFormat::kText) {
    absl::StrAppend(&line, when, " ", LogLevelName(level), " ", event);
    for (const auto& [key, value] : fields) {
      absl::StrAppend(&line, " ", key, "=");
      AppendTextValue(value, &line);
    }
    return line;
  }
  absl::StrAppend(&line, "{\"time\":\"", when, "\",\"level\":\"", LogLevelName(level),
                  "\",\"event\":\"", event, "\"");
  for (const auto& [key, value] : fields) {
    absl::StrAppend(&line, ",\"", key, "\":");
    AppendJsonValue(value, &line);
  }
  line.push_back('}');
  return line;
}

}  // namespace sipcm::server
