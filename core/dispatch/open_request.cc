#include "core/dispatch/open_request.h"

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::dispatch {

absl::Status NotYours(RequestId id) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "REQUEST_NOT_YOURS",
                   absl::StrCat("request \"", id.ToString(),
                                "\" is with another application's stream; nothing was sent"));
}

OpenRequestTable::OpenRequestTable(int worker, RandomSource* random)
    : worker_(worker), random_(random) {}

OpenRequestTable::~OpenRequestTable() { SIPCM_CHECK_MESSAGE(size_ == 0, "requests are open"); }

OpenRequest* OpenRequestTable::Open() {
  uint32_t index = 0;
  if (free_.size() <= kRemembered && slots_.size() < RequestId::kMaxSlots) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    if (free_.empty()) return nullptr;
    index = free_.front();
    free_.pop_front();
  }
  Slot& slot = slots_[index];
  slot.request = std::make_unique<OpenRequest>();
  slot.request->id = NewId(index, slot.last_id);
  ++size_;
  return slot.request.get();
}

RequestId OpenRequestTable::NewId(uint32_t index, RequestId last) {
  // A nonce of zero would make the very first id all zeros, which means "none".
  const RequestId id(worker_, index, random_->Next() | 1);
  return id == last ? RequestId(worker_, index, id.value() + 2) : id;
}

void OpenRequestTable::Renew(OpenRequest* request) {
  const uint32_t index = request->id.slot();
  Slot& slot = slots_[index];
  SIPCM_CHECK(slot.request.get() == request);
  slot.last_id = request->id;
  slot.last_ending = Ending::kRedelivered;
  request->id = NewId(index, slot.last_id);
}

OpenRequest* OpenRequestTable::Find(RequestId id) {
  if (id.slot() >= slots_.size()) return nullptr;
  OpenRequest* request = slots_[id.slot()].request.get();
  return request != nullptr && request->id == id ? request : nullptr;
}

void OpenRequestTable::Close(OpenRequest* request, Ending ending) {
  const uint32_t index = request->id.slot();
  Slot& slot = slots_[index];
  SIPCM_CHECK(slot.request.get() == request);
  slot.last_id = request->id;
  slot.last_ending = ending;
  slot.request.reset();
  free_.push_back(index);
  --size_;
}

absl::Status OpenRequestTable::WhyNotOpen(RequestId id) const {
  const std::string quoted = absl::StrCat("request \"", id.ToString(), "\"");
  if (id == RequestId() || id.slot() >= slots_.size() || slots_[id.slot()].last_id != id) {
    return MakeError(absl::StatusCode::kNotFound, "REQUEST_NOT_FOUND",
                     absl::StrCat(quoted,
                                  " is not known; answer with the request_id of a delivery "
                                  "that has not been answered"));
  }
  const auto refused = [&](absl::string_view reason, absl::string_view why) {
    return MakeError(absl::StatusCode::kFailedPrecondition, reason, absl::StrCat(quoted, why));
  };
  switch (slots_[id.slot()].last_ending) {
    case Ending::kAnswered:
      return refused("REQUEST_ALREADY_ANSWERED",
                     " has had its final answer; nothing more was sent");
    case Ending::kExpired:
      return refused("REQUEST_EXPIRED",
                     " was answered by the server when its deadline passed; answer sooner, or "
                     "raise the endpoint's answer_timeout");
    case Ending::kCancelled:
      return refused("REQUEST_CANCELLED", " was cancelled by its sender and answered with 487");
    case Ending::kUndeliverable:
      return refused("REQUEST_ALREADY_ANSWERED",
                     " was answered by the server because no application could take it");
    case Ending::kRedelivered:
      return refused("REQUEST_NOT_YOURS",
                     " went to another subscription when yours ended; nothing was sent");
  }
  SIPCM_UNREACHABLE("unknown Ending");
}

}  // namespace sipcm::dispatch
