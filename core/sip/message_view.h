#ifndef SIPCM_CORE_SIP_MESSAGE_VIEW_H_
#define SIPCM_CORE_SIP_MESSAGE_VIEW_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/sip/header_id.h"
#include "core/sip/method.h"
#include "core/sip/name_address.h"
#include "core/sip/via.h"

namespace sipcm::sip {

// A part of the message: counted from its first byte, so that it holds wherever the bytes move.
struct Slice {
  uint32_t offset = 0;
  uint32_t length = 0;
};

struct HeaderField {
  HeaderId id = HeaderId::kUnknown;
  bool is_folded = false;  // the value has CRLFs inside: Unfold() it before showing it
  Slice name;              // as written
  Slice value;             // without whitespace around it
  Slice line;              // the whole row, its folds and last CRLF included: to copy verbatim
};

// An index over the bytes of one parsed message; copies none of them. Filled by Parse().
//
// The bytes belong to the caller and must stay unchanged while this is used; when they were copied
// or moved, Rebase() tells where they are now. Every view that an accessor gives points into them.
// Reusable: filling it again keeps its capacity, so a message costs no allocation in the steady
// state. After a kBad verdict it holds what was understood: accessors of parts that were missing
// or malformed give empty values. Thread: its owner's. Destroy at any time.
class MessageView {
 public:
  MessageView() { Clear(); }
  MessageView(const MessageView&) = delete;
  MessageView& operator=(const MessageView&) = delete;

  // Keeps capacity.
  void Clear();
  // The same bytes now start at `base`.
  void Rebase(const char* base) { base_ = base; }
  // This becomes the view of a copy of other's bytes that starts at `base`.
  void CopyIndexFrom(const MessageView& other, const char* base);

  absl::string_view bytes() const { return {base_, size_}; }
  absl::string_view header_section() const { return {base_, header_length_}; }
  absl::string_view body() const { return bytes().substr(header_length_); }

  bool is_request() const { return is_request_; }
  // Requests: from the request line. Responses: of the CSeq.
  Method method_id() const { return is_request_ ? method_id_ : cseq_method_id_; }
  absl::string_view method() const { return text(is_request_ ? method_ : cseq_method_); }
  absl::string_view request_uri() const { return text(request_uri_); }  // empty in a response
  int status_code() const { return status_code_; }                      // 0 in a request
  absl::string_view reason_phrase() const { return text(reason_phrase_); }

  absl::string_view text(Slice slice) const { return {base_ + slice.offset, slice.length}; }
  absl::Span<const HeaderField> headers() const { return headers_; }
  absl::string_view name(const HeaderField& field) const { return text(field.name); }
  absl::string_view value(const HeaderField& field) const { return text(field.value); }
  absl::string_view line(const HeaderField& field) const { return text(field.line); }

  // The first header with that id (not kUnknown), or nullptr. O(1). Valid until the next filling.
  const HeaderField* Find(HeaderId id) const {
    const uint16_t first = first_[static_cast<size_t>(id)];
    return first == 0 ? nullptr : &headers_[first - 1];
  }
  // By name, long or compact, known or not.
  const HeaderField* Find(absl::string_view name) const;
  // The next one with the same id (or, of kUnknown, the same name) as `field`, or nullptr.
  const HeaderField* FindNext(const HeaderField& field) const;
  // The value of Find(id), or empty.
  absl::string_view FirstValue(HeaderId id) const {
    const HeaderField* field = Find(id);
    return field == nullptr ? absl::string_view() : value(*field);
  }

  absl::string_view call_id() const { return FirstValue(HeaderId::kCallId); }
  uint32_t cseq_number() const { return cseq_number_; }
  absl::string_view cseq_method() const { return text(cseq_method_); }
  Method cseq_method_id() const { return cseq_method_id_; }
  // The first via-parm of the first Via row; parsed on filling, rebuilt here in a few loads.
  Via top_via() const;
  NameAddress from() const { return Resolve(from_); }
  NameAddress to() const { return Resolve(to_); }
  absl::string_view from_tag() const { return text(from_.tag); }
  absl::string_view to_tag() const { return text(to_.tag); }
  absl::string_view branch() const { return text(via_.branch); }  // of the top Via
  std::optional<uint8_t> max_forwards() const { return max_forwards_; }
  std::optional<uint32_t> content_length() const { return content_length_; }

 private:
  friend class Parser;

  struct AddressIndex {
    AddressForm form = AddressForm::kAddressOnly;
    Slice display_name, uri, parameters, tag;
  };
  struct ViaIndex {
    Slice element, version, transport, host, branch, received, parameters;
    uint16_t port = 0, rport = 0;
    bool has_rport = false;
  };

  Slice SliceOf(absl::string_view part) const {
    if (part.data() == nullptr) return {};
    return {static_cast<uint32_t>(part.data() - base_), static_cast<uint32_t>(part.size())};
  }
  NameAddress Resolve(const AddressIndex& index) const;
  void SetVia(const Via& via);
  AddressIndex Index(const NameAddress& address) const;

  const char* base_ = nullptr;
  uint32_t size_ = 0;
  uint32_t header_length_ = 0;
  bool is_request_ = false;
  Method method_id_ = Method::kOther;
  Method cseq_method_id_ = Method::kOther;
  int status_code_ = 0;
  uint32_t cseq_number_ = 0;
  std::optional<uint8_t> max_forwards_;
  std::optional<uint32_t> content_length_;
  Slice method_, request_uri_, reason_phrase_, cseq_method_;
  AddressIndex from_, to_;
  ViaIndex via_;
  std::array<uint16_t, kHeaderIdCount> first_;  // 1 + index into headers_; 0: absent
  absl::InlinedVector<HeaderField, 16> headers_;
};

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_MESSAGE_VIEW_H_
