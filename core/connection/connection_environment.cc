#include "core/connection/connection_environment.h"

#include <utility>

#include "core/base/check.h"

namespace sipcm::connection {
namespace {

constexpr size_t kSmallestLentBytes = 1024;

}  // namespace

ConnectionEnvironment::ConnectionEnvironment(event::EventLoop* loop)
    : loop_(loop), read_buffer_(new char[kReadBufferBytes]) {
  spare_buffers_.reserve(kMaxSpareBuffers);
}

ConnectionEnvironment::~ConnectionEnvironment() {
  *self_ = nullptr;
  for (const TurnEndTask* task : turn_end_) {
    SIPCM_CHECK_MESSAGE(task == nullptr, "the environment must outlive its connections");
  }
}

void ConnectionEnvironment::LendBuffer(std::string* buffer) {
  if (spare_buffers_.empty()) {
    buffer->reserve(kSmallestLentBytes);
    return;
  }
  buffer->swap(spare_buffers_.back());
  spare_buffers_.pop_back();
}

void ConnectionEnvironment::TakeBackBuffer(std::string* buffer) {
  std::string taken;
  taken.swap(*buffer);
  if (spare_buffers_.size() < kMaxSpareBuffers && taken.capacity() >= kSmallestLentBytes &&
      taken.capacity() <= kMaxSpareBufferBytes) {
    spare_buffers_.push_back(std::move(taken));
  }
}

ConnectionEnvironment::TurnEndTask::~TurnEndTask() {
  if (slot_ >= 0) environment_->turn_end_[slot_] = nullptr;
}

void ConnectionEnvironment::TurnEndTask::ScheduleTurnEnd() {
  if (slot_ >= 0) return;
  slot_ = static_cast<int>(environment_->turn_end_.size());
  environment_->turn_end_.push_back(this);
  environment_->Schedule();
}

void ConnectionEnvironment::Schedule() {
  if (turn_end_scheduled_) return;
  turn_end_scheduled_ = true;
  loop_->AtTurnEnd([self = self_] {
    if (*self != nullptr) (*self)->RunTurnEnd();
  });
}

void ConnectionEnvironment::RunTurnEnd() {
  // By index: what runs may schedule more, which then runs too.
  for (size_t i = 0; i < turn_end_.size(); ++i) {
    TurnEndTask* const task = std::exchange(turn_end_[i], nullptr);
    if (task == nullptr) continue;
    task->slot_ = -1;
    task->OnTurnEnd();
  }
  turn_end_.clear();
  turn_end_scheduled_ = false;
}

}  // namespace sipcm::connection
