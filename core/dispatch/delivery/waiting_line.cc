#include "core/dispatch/delivery/waiting_line.h"

#include <utility>

#include "absl/strings/string_view.h"

namespace sipcm::dispatch {

AssignmentList& WaitingLine::LineOf(const OpenRequest& request) {
  const absl::string_view method = request.record->view.method();
  for (const std::unique_ptr<MethodLine>& line : lines_) {
    if (line->owner == request.owner && line->method == method) return line->requests;
  }
  lines_.push_back(std::make_unique<MethodLine>());
  lines_.back()->method = std::string(method);
  lines_.back()->owner = request.owner;
  return lines_.back()->requests;
}

void WaitingLine::Insert(OpenRequest* request) {
  AssignmentList& line = LineOf(*request);
  ++size_;
  if (line.empty() || line.back()->ticket < request->ticket) {
    line.PushBack(request);
    return;
  }
  OpenRequest* next = line.front();
  while (next->ticket < request->ticket) next = line.Next(next);
  line.InsertBefore(request, next);
}

void WaitingLine::Remove(OpenRequest* request) {
  AssignmentList& line = LineOf(*request);
  line.Remove(request);
  --size_;
  if (!line.empty() || lines_.size() <= kKeptLines) return;
  for (std::unique_ptr<MethodLine>& candidate : lines_) {
    if (&candidate->requests != &line) continue;
    std::swap(candidate, lines_.back());
    lines_.pop_back();
    return;
  }
}

}  // namespace sipcm::dispatch
