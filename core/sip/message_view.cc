#include "core/sip/message_view.h"

#include "absl/strings/match.h"
#include "core/sip/characters.h"

namespace sipcm::sip {

void MessageView::Clear() {
  base_ = nullptr;
  size_ = 0;
  header_length_ = 0;
  is_request_ = false;
  method_id_ = Method::kOther;
  cseq_method_id_ = Method::kOther;
  status_code_ = 0;
  cseq_number_ = 0;
  max_forwards_.reset();
  content_length_.reset();
  method_ = request_uri_ = reason_phrase_ = cseq_method_ = Slice();
  from_ = to_ = AddressIndex();
  via_ = ViaIndex();
  first_.fill(0);
  headers_.resize(0);  // clear() would give the heap back, and the next long message take it again
}

void MessageView::CopyIndexFrom(const MessageView& other, const char* base) {
  if (this != &other) {
    size_ = other.size_;
    header_length_ = other.header_length_;
    is_request_ = other.is_request_;
    method_id_ = other.method_id_;
    cseq_method_id_ = other.cseq_method_id_;
    status_code_ = other.status_code_;
    cseq_number_ = other.cseq_number_;
    max_forwards_ = other.max_forwards_;
    content_length_ = other.content_length_;
    method_ = other.method_;
    request_uri_ = other.request_uri_;
    reason_phrase_ = other.reason_phrase_;
    cseq_method_ = other.cseq_method_;
    from_ = other.from_;
    to_ = other.to_;
    via_ = other.via_;
    first_ = other.first_;
    headers_.assign(other.headers_.begin(), other.headers_.end());
  }
  base_ = base;
}

const HeaderField* MessageView::Find(absl::string_view name) const {
  if (!IsToken(name)) return nullptr;
  const HeaderId id = LookupHeader(name);
  if (id != HeaderId::kUnknown) return Find(id);
  for (const HeaderField& field : headers_) {
    if (field.id == id && absl::EqualsIgnoreCase(text(field.name), name)) return &field;
  }
  return nullptr;
}

const HeaderField* MessageView::FindNext(const HeaderField& field) const {
  const HeaderField* const end = headers_.data() + headers_.size();
  for (const HeaderField* next = &field + 1; next < end; ++next) {
    if (next->id != field.id) continue;
    if (field.id != HeaderId::kUnknown ||
        absl::EqualsIgnoreCase(text(next->name), text(field.name))) {
      return next;
    }
  }
  return nullptr;
}

Via MessageView::top_via() const {
  Via via;
  via.element = text(via_.element);
  via.version = text(via_.version);
  via.transport = text(via_.transport);
  via.host = text(via_.host);
  via.port = via_.port;
  via.branch = text(via_.branch);
  via.received = text(via_.received);
  via.has_rport = via_.has_rport;
  via.rport = via_.rport;
  via.parameters = text(via_.parameters);
  return via;
}

NameAddress MessageView::Resolve(const AddressIndex& index) const {
  NameAddress address;
  address.form = index.form;
  address.display_name = text(index.display_name);
  address.uri = text(index.uri);
  address.parameters = text(index.parameters);
  address.tag = text(index.tag);
  return address;
}

void MessageView::SetVia(const Via& via) {
  via_.element = SliceOf(via.element);
  via_.version = SliceOf(via.version);
  via_.transport = SliceOf(via.transport);
  via_.host = SliceOf(via.host);
  via_.port = via.port;
  via_.branch = SliceOf(via.branch);
  via_.received = SliceOf(via.received);
  via_.has_rport = via.has_rport;
  via_.rport = via.rport;
  via_.parameters = SliceOf(via.parameters);
}

MessageView::AddressIndex MessageView::Index(const NameAddress& address) const {
  AddressIndex index;
  index.form = address.form;
  index.display_name = SliceOf(address.display_name);
  index.uri = SliceOf(address.uri);
  index.parameters = SliceOf(address.parameters);
  index.tag = SliceOf(address.tag);
  return index;
}

}  // namespace sipcm::sip
