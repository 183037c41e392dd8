#include "core/sip/via.h"

#include "absl/strings/match.h"
#include "core/sip/characters.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {
namespace {

constexpr absl::string_view kCookie = "z9hG4bK";

// Reads a via-parm from left to right. Each step moves `p` and answers false with `fault` set.
class ViaReader {
 public:
  ViaReader(absl::string_view text, Via* via)
      : p_(text.data()), end_(text.data() + text.size()), via_(via) {}

  bool Read() {
    *via_ = Via();
    SkipSpace();
    const char* const start = p_;
    if (!ReadProtocol() || !ReadSentBy() || !ReadParameters()) return false;
    via_->element = absl::string_view(start, static_cast<size_t>(last_ - start));
    return true;
  }

  absl::string_view fault() const { return fault_; }
  // What was not read: empty, or from a comma on.
  absl::string_view rest() const { return {p_, static_cast<size_t>(end_ - p_)}; }

 private:
  bool Fault(absl::string_view fault) {
    fault_ = fault;
    return false;
  }
  void SkipSpace() {
    while (p_ != end_ && IsSpace(*p_)) ++p_;
  }
  absl::string_view Token() {
    const char* const start = p_;
    while (p_ != end_ && IsTokenCharacter(*p_)) ++p_;
    return {start, static_cast<size_t>(p_ - start)};
  }
  bool Slash() {
    SkipSpace();
    if (p_ == end_ || *p_ != '/') return Fault("no sent-protocol of three parts");
    ++p_;
    SkipSpace();
    return true;
  }

  // sent-protocol = protocol-name SLASH protocol-version SLASH transport
  bool ReadProtocol() {
    if (Token().empty()) return Fault("no sent-protocol of three parts");
    if (!Slash()) return false;
    via_->version = Token();
    if (via_->version.empty()) return Fault("no protocol version");
    if (!Slash()) return false;
    via_->transport = Token();
    if (via_->transport.empty()) return Fault("no transport");
    if (p_ == end_ || !IsSpace(*p_)) return Fault("no space before the sent-by address");
    SkipSpace();
    return true;
  }

  // sent-by = host [COLON port]
  bool ReadSentBy() {
    if (p_ != end_ && *p_ == '[') {
      const char* const start = ++p_;
      while (p_ != end_ && (IsHexDigit(*p_) || *p_ == ':' || *p_ == '.')) ++p_;
      via_->host = absl::string_view(start, static_cast<size_t>(p_ - start));
      if (p_ == end_ || *p_ != ']' || via_->host.empty()) return Fault("bad IPv6 reference");
      ++p_;
    } else {
      const char* const start = p_;
      while (p_ != end_ && IsHostCharacter(*p_)) ++p_;
      via_->host = absl::string_view(start, static_cast<size_t>(p_ - start));
      if (via_->host.empty()) return Fault("no sent-by host");
    }
    last_ = p_;
    SkipSpace();
    if (p_ == end_ || *p_ != ':') return true;
    ++p_;
    SkipSpace();
    const char* const start = p_;
    while (p_ != end_ && IsDigit(*p_)) ++p_;
    uint64_t port = 0;
    if (!ParseNumber({start, static_cast<size_t>(p_ - start)}, 65535, &port) || port == 0) {
      return Fault("sent-by port is not 1-65535");
    }
    via_->port = static_cast<uint16_t>(port);
    last_ = p_;
    SkipSpace();
    return true;
  }

  bool ReadParameters() {
    if (p_ == end_ || *p_ == ',') return true;
    if (*p_ != ';') return Fault("stray text behind the sent-by address");
    const char* const start = p_;
    ParameterIterator parameters(rest());
    Parameter parameter;
    while (parameters.Next(&parameter)) {
      if (!Take(parameter)) return false;
    }
    if (!parameters.well_formed()) return Fault("malformed parameter");
    last_ = parameter.text.data() + parameter.text.size();
    via_->parameters = absl::string_view(start, static_cast<size_t>(last_ - start));
    p_ = end_ - parameters.rest().size();
    return true;
  }

  bool Take(const Parameter& parameter) {
    switch (parameter.name.size()) {
      case 5:
        return absl::EqualsIgnoreCase(parameter.name, "rport") ? TakeRport(parameter) : true;
      case 6:
        if (!absl::EqualsIgnoreCase(parameter.name, "branch")) return true;
        if (!via_->branch.empty()) return Fault("branch is given twice");
        via_->branch = parameter.value;
        return parameter.value.empty() ? Fault("branch has no value") : true;
      case 8:
        return absl::EqualsIgnoreCase(parameter.name, "received") ? TakeReceived(parameter.value)
                                                                  : true;
      default:
        return true;
    }
  }

  bool TakeRport(const Parameter& parameter) {
    if (via_->has_rport) return Fault("rport is given twice");
    via_->has_rport = true;
    if (parameter.value.empty()) return true;
    uint64_t port = 0;
    if (!ParseNumber(parameter.value, 65535, &port)) return Fault("rport is not 1-65535");
    via_->rport = static_cast<uint16_t>(port);
    return true;
  }

  // RFC 5118 4.5: an IPv6 address comes with or without brackets.
  bool TakeReceived(absl::string_view value) {
    if (!via_->received.empty()) return Fault("received is given twice");
    if (value.size() >= 2 && value.front() == '[' && value.back() == ']') {
      value = value.substr(1, value.size() - 2);
    }
    via_->received = value;
    return value.empty() ? Fault("received has no value") : true;
  }

  const char* p_;
  const char* const end_;
  const char* last_ = nullptr;  // the end of what belongs to the via-parm
  Via* const via_;
  absl::string_view fault_;
};

}  // namespace

bool Via::has_unique_branch() const {
  return branch.size() > kCookie.size() && absl::StartsWithIgnoreCase(branch, kCookie);
}

absl::string_view ParseFirstVia(absl::string_view value, Via* via) {
  ViaReader reader(value, via);
  reader.Read();
  return reader.fault();
}

absl::string_view ParseVia(absl::string_view text, Via* via) {
  ViaReader reader(text, via);
  if (reader.Read() && !reader.rest().empty()) return "more than one via-parm";
  return reader.fault();
}

}  // namespace sipcm::sip
