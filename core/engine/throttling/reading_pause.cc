#include "core/engine/throttling/reading_pause.h"

#include <utility>

namespace sipcm::engine {

ReadingPause::ReadingPause(event::EventLoop* loop, ConnectionTable* connections)
    : loop_(loop), connections_(connections), alarm_(loop->NewAlarm([this] { OnAlarm(); })) {}

void ReadingPause::OnRefused(const ConnectionSlot& slot) {
  Refusals& refusals = refused_[slot.connection->id()];
  refusals.more = true;
  if (std::exchange(refusals.this_turn, true)) return;
  if (this_turn_.empty()) loop_->AtTurnEnd([this] { OnTurnEnd(); });
  this_turn_.push_back(slot.connection->id());
}

void ReadingPause::OnTurnEnd() {
  if (!alarm_->armed()) alarm_->Set(loop_->Now() + kPause);
  for (const connection::ConnectionId id : this_turn_) {
    const ConnectionSlot* const slot = connections_->Find(id);
    Refusals& refusals = refused_[id];
    refusals.this_turn = false;
    if (++refusals.turns < kTurns || slot == nullptr) continue;
    refusals.pauses = true;
    slot->connection->SetReading(false);
  }
  this_turn_.clear();
}

void ReadingPause::OnAlarm() {
  for (auto next = refused_.begin(); next != refused_.end();) {
    const auto entry = next++;
    const ConnectionSlot* const slot = connections_->Find(entry->first);
    const bool had_more = std::exchange(entry->second.more, false);
    if (std::exchange(entry->second.pauses, false)) {
      if (slot != nullptr) slot->connection->SetReading(true);
    } else if (!had_more) {
      refused_.erase(entry);
    }
  }
  if (!refused_.empty()) alarm_->Set(loop_->Now() + kPause);
}

}  // namespace sipcm::engine
