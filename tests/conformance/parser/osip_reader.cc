#include "tests/conformance/parser/osip_reader.h"

#include <osipparser2/osip_parser.h>

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"

namespace sipcm {
namespace {

struct MessageFree {
  void operator()(osip_message_t* message) const { osip_message_free(message); }
};
struct UriFree {
  void operator()(osip_uri_t* uri) const { osip_uri_free(uri); }
};

// Once per process: oSIP fills its tables of header names, and is not to print what it refuses.
void Prepare() {
  static const bool prepared = [] {
    for (int level = OSIP_FATAL; level < END_TRACE_LEVEL; ++level) {
      osip_trace_disable_level(static_cast<osip_trace_level_t>(level));
    }
    return parser_init() == OSIP_SUCCESS;
  }();
  SIPCM_CHECK(prepared);
}

void Put(absl::string_view field, const char* value, Reading* reading) {
  if (value != nullptr && *value != '\0') reading->fields[std::string(field)] = value;
}

void PutUri(absl::string_view prefix, const osip_uri_t* uri, Reading* reading) {
  if (uri == nullptr) return;
  const std::string scheme = absl::AsciiStrToLower(uri->scheme == nullptr ? "" : uri->scheme);
  Put(absl::StrCat(prefix, ".scheme"), scheme.c_str(), reading);
  if (scheme != "sip" && scheme != "sips") {
    return Put(absl::StrCat(prefix, ".opaque"), uri->string, reading);
  }
  Put(absl::StrCat(prefix, ".user"), uri->username, reading);
  Put(absl::StrCat(prefix, ".host"), uri->host, reading);
  Put(absl::StrCat(prefix, ".port"), uri->port, reading);
}

void PutTag(absl::string_view prefix, osip_from_t* address, Reading* reading) {
  if (address == nullptr) return;
  PutUri(prefix, address->url, reading);
  osip_generic_param_t* tag = nullptr;
  if (osip_from_param_get_byname(address, const_cast<char*>("tag"), &tag) == OSIP_SUCCESS) {
    Put(absl::StrCat(prefix, ".tag"), tag->gvalue, reading);
  }
}

void PutVia(osip_message_t* message, Reading* reading) {
  auto* const via = static_cast<osip_via_t*>(osip_list_get(&message->vias, 0));
  Put("via.count", absl::StrCat(osip_list_size(&message->vias)).c_str(), reading);
  if (via == nullptr) return;
  Put("via.transport", via->protocol, reading);
  Put("via.host", via->host, reading);
  Put("via.port", via->port, reading);
  osip_generic_param_t* branch = nullptr;
  if (osip_via_param_get_byname(via, const_cast<char*>("branch"), &branch) == OSIP_SUCCESS) {
    Put("via.branch", branch->gvalue, reading);
  }
}

// "number@host", or the number alone.
void PutCallId(const osip_call_id_t* call_id, Reading* reading) {
  if (call_id == nullptr || call_id->number == nullptr) return;
  const std::string text = call_id->host == nullptr
                               ? std::string(call_id->number)
                               : absl::StrCat(call_id->number, "@", call_id->host);
  Put("call_id", text.c_str(), reading);
}

void PutBody(osip_message_t* message, Reading* reading) {
  std::string body;
  for (int i = 0; i < osip_list_size(&message->bodies); ++i) {
    const auto* const part = static_cast<osip_body_t*>(osip_list_get(&message->bodies, i));
    body.append(part->body, part->length);
  }
  if (!body.empty()) reading->fields["body"] = body;
}

}  // namespace

Reading ReadMessageWithOsip(absl::string_view bytes) {
  Prepare();
  Reading reading;
  osip_message_t* parsed = nullptr;
  if (osip_message_init(&parsed) != OSIP_SUCCESS) return reading;
  const std::unique_ptr<osip_message_t, MessageFree> message(parsed);
  const std::string terminated(bytes);  // it reads C strings
  reading.is_taken =
      osip_message_parse(parsed, terminated.c_str(), terminated.size()) == OSIP_SUCCESS;
  if (!reading.is_taken) return reading;
  if (MSG_IS_REQUEST(parsed)) {
    Put("method", parsed->sip_method, &reading);
    PutUri("request_uri", parsed->req_uri, &reading);
  } else {
    Put("status_code", absl::StrCat(parsed->status_code).c_str(), &reading);
    Put("reason_phrase", parsed->reason_phrase, &reading);
  }
  PutCallId(parsed->call_id, &reading);
  if (parsed->cseq != nullptr) {
    Put("cseq.number", parsed->cseq->number, &reading);
    Put("cseq.method", parsed->cseq->method, &reading);
  }
  PutTag("from", parsed->from, &reading);
  PutTag("to", parsed->to, &reading);
  PutVia(parsed, &reading);
  Put("contact.count", absl::StrCat(osip_list_size(&parsed->contacts)).c_str(), &reading);
  PutBody(parsed, &reading);
  return reading;
}

Reading ReadUriWithOsip(absl::string_view text) {
  Prepare();
  Reading reading;
  osip_uri_t* parsed = nullptr;
  if (osip_uri_init(&parsed) != OSIP_SUCCESS) return reading;
  const std::unique_ptr<osip_uri_t, UriFree> uri(parsed);
  reading.is_taken = osip_uri_parse(parsed, std::string(text).c_str()) == OSIP_SUCCESS;
  if (reading.is_taken) PutUri("uri", parsed, &reading);
  return reading;
}

}  // namespace sipcm
