#ifndef SIPCM_SERVER_CATALOG_SNAPSHOT_LIST_H_
#define SIPCM_SERVER_CATALOG_SNAPSHOT_LIST_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "server/catalog/control_state.h"
#include "server/store/page.h"
#include "server/store/resource_name.h"

namespace sipcm::server {

// A List of what the engine has, below a connection manager or below all.

// The engine's question that answers it.
template <typename Snapshot>
using ListQuestion = void (engine::Engine::*)(const std::string& manager_id,
                                              engine::Engine::Callback<std::vector<Snapshot>>);

// Asks the engine, and makes the page on the control thread. Errors of `done`: those of the
// parent's name (INVALID_NAME, RESOURCE_NOT_FOUND), of the engine and of `make_page`.
template <typename Snapshot, typename Request, typename Response>
void ListSnapshots(ControlState* state, const Request& request, ListQuestion<Snapshot> question,
                   absl::StatusOr<Response> (*make_page)(const Request&,
                                                         const std::vector<Snapshot>&),
                   Done<Response> done) {
  std::string manager_id;
  if (!request.parent().empty()) {
    absl::StatusOr<std::string> parent = ParseParent(request.parent(), "parent");
    if (!parent.ok()) return done(parent.status());
    manager_id = *std::move(parent);
    if (!manager_id.empty()) {
      absl::MutexLock lock(&state->mutex);
      const absl::Status found = state->managers.Get(request.parent(), "parent").status();
      if (!found.ok()) return done(found);
    }
  }
  (state->engine->*question)(
      manager_id, [state, request, make_page, done = std::move(done)](
                      absl::StatusOr<std::vector<Snapshot>> snapshots) mutable {
        state->thread.Post([request = std::move(request), make_page, done = std::move(done),
                            snapshots = std::move(snapshots)]() mutable {
          if (!snapshots.ok()) return done(snapshots.status());
          done(make_page(request, *snapshots));
        });
      });
}

// Appends to `*out`, by name, those that belong on the page; answers the next page's token. Only
// the names of all are made (`name_of`); the rest (`to_proto`) for those that may be on this page.
template <typename Resource, typename Request, typename Snapshot, typename NameOf, typename ToProto>
absl::StatusOr<std::string> FillPage(absl::string_view collection, const Request& request,
                                     const std::vector<Snapshot>& snapshots, NameOf name_of,
                                     ToProto to_proto,
                                     google::protobuf::RepeatedPtrField<Resource>* out) {
  SIPCM_ASSIGN_OR_RETURN(
      Page page, Page::Begin(collection, request.parent(), request.page_size(),
                             request.page_token(), request.filter(), Resource::descriptor()));
  std::vector<std::pair<std::string, const Snapshot*>> order;
  order.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) {
    std::string name = name_of(snapshot);
    if (name > page.after()) order.emplace_back(std::move(name), &snapshot);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [name, snapshot] : order) {
    Resource resource = to_proto(*snapshot);
    const Page::Verdict verdict = page.Offer(name, resource);
    if (verdict == Page::Verdict::kFull) break;
    if (verdict == Page::Verdict::kTaken) *out->Add() = std::move(resource);
  }
  return page.next_page_token();
}

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_SNAPSHOT_LIST_H_
