#include "server/messaging/delivery_backlog.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/messaging/conversion/delivery_conversion.h"

namespace sipcm::server {
namespace {

using Kind = dispatch::Delivery::Kind;

constexpr size_t kNoticeBytes = 128;

bool IsOf(const BacklogItem& item, Kind kind) {
  return item.notice == nullptr && item.delivery.kind == kind;
}

size_t SizeOf(const BacklogItem& item) {
  return item.notice != nullptr ? kNoticeBytes : EstimateSize(item.delivery, item.format);
}

// Requests that wait together with the notice that they expired.
absl::flat_hash_set<dispatch::RequestId> ExpiredUnread(absl::Span<const BacklogItem> items) {
  absl::flat_hash_set<dispatch::RequestId> expired;
  for (const BacklogItem& item : items) {
    if (IsOf(item, Kind::kExpired)) expired.insert(item.delivery.request_id);
  }
  absl::flat_hash_set<dispatch::RequestId> both;
  if (expired.empty()) return both;
  for (const BacklogItem& item : items) {
    if (IsOf(item, Kind::kRequest) && expired.contains(item.delivery.request_id)) {
      both.insert(item.delivery.request_id);
    }
  }
  return both;
}

}  // namespace

void DeliveryBacklog::Add(const DeliveryFormat& format, std::vector<dispatch::Delivery> batch) {
  for (dispatch::Delivery& delivery : batch) {
    BacklogItem& item = items_.emplace_back();
    item.delivery = std::move(delivery);
    item.format = format;
    bytes_ += SizeOf(item);
    if (item.delivery.kind == Kind::kExpired) ++expired_count_;
  }
  const bool heavy = bytes_ > kSweepBytes && expired_count_ > size() / kSweepCost;
  if (heavy || size() >= sweep_at_) Sweep();
}

void DeliveryBacklog::AddNotice(const DeliveryFormat& format, v1::Delivery notice) {
  BacklogItem& item = items_.emplace_back();
  item.format = format;
  item.notice = std::make_unique<v1::Delivery>(std::move(notice));
  bytes_ += SizeOf(item);
}

void DeliveryBacklog::Remove(int32_t subscription_id) {
  Compact();
  items_.erase(std::remove_if(items_.begin(), items_.end(),
                              [&](const BacklogItem& item) {
                                if (item.format.subscription_id != subscription_id) return false;
                                bytes_ -= SizeOf(item);
                                return true;
                              }),
               items_.end());
}

void DeliveryBacklog::Take(size_t max_count, size_t max_bytes, std::vector<BacklogItem>* out) {
  size_t bytes = 0;
  for (size_t count = 0; count < max_count && bytes < max_bytes && head_ < items_.size();
       ++count, ++head_) {
    const size_t size = SizeOf(items_[head_]);
    bytes += size;
    bytes_ -= size;
    out->push_back(std::move(items_[head_]));
  }
  if (head_ == items_.size()) {
    items_.clear();
    head_ = 0;
    sweep_at_ = kFirstSweep;
  } else if (head_ > items_.size() / 2) {
    Compact();
  }
}

void DeliveryBacklog::Sweep() {
  Compact();
  const absl::flat_hash_set<dispatch::RequestId> dropped = ExpiredUnread(items_);
  if (!dropped.empty()) {
    dropped_count_ += dropped.size();
    std::vector<BacklogItem> kept, gone;
    for (BacklogItem& item : items_) {
      const bool drop = item.notice == nullptr && dropped.contains(item.delivery.request_id);
      (drop ? gone : kept).push_back(std::move(item));
    }
    items_ = std::move(kept);
    for (const BacklogItem& item : gone) bytes_ -= SizeOf(item);
    AddGaps(gone);
  }
  expired_count_ = 0;
  sweep_at_ = std::max(kFirstSweep, 2 * size());
}

void DeliveryBacklog::AddGaps(const std::vector<BacklogItem>& gone) {
  absl::btree_map<int32_t, int64_t> lost;  // by subscription
  for (const BacklogItem& item : gone) {
    if (IsOf(item, Kind::kRequest)) ++lost[item.format.subscription_id];
  }
  for (BacklogItem& item : items_) {
    if (item.notice == nullptr || !item.notice->has_gap()) continue;
    const auto more = lost.find(item.format.subscription_id);
    if (more == lost.end()) continue;
    item.notice->mutable_gap()->set_lost_count(item.notice->gap().lost_count() + more->second);
    lost.erase(more);
  }
  for (const auto& [subscription_id, count] : lost) {
    v1::Delivery notice;
    notice.set_subscription_id(subscription_id);
    notice.mutable_gap()->set_lost_count(count);
    AddNotice({.subscription_id = subscription_id}, std::move(notice));
  }
}

void DeliveryBacklog::Compact() {
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

}  // namespace sipcm::server
