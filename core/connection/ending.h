#ifndef SIPCM_CORE_CONNECTION_ENDING_H_
#define SIPCM_CORE_CONNECTION_ENDING_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/connection/close_reason.h"

namespace sipcm::connection {

// Why one connection ends, and how far it has come with it. A value.
class Ending {
 public:
  // How long a connection lingers. To close on unread input would reset it before the peer reads
  // our answer.
  static constexpr absl::Duration kLingerTime = absl::Milliseconds(500);

  // What happens once the last byte is out.
  enum class Farewell : uint8_t {
    kClose,
    kLinger,  // what the peer still sends is read and dropped, until it ends too
  };

  // From draining on.
  CloseReason reason() const { return reason_; }
  const absl::Status& detail() const { return detail_; }

  // Why it drains; something else may end it before.
  void Foresee(CloseReason reason) { reason_ = reason; }
  void Foresee(absl::Status detail) { detail_ = std::move(detail); }
  // It closes when all is flushed: the reason is final.
  void Begin(CloseReason reason, absl::Status detail) {
    if (has_begun()) return;
    stage_ = Stage::kFlushing;
    reason_ = reason;
    detail_ = std::move(detail);
  }
  bool has_begun() const { return stage_ != Stage::kNone; }

  // However it came to its end.
  void SetFarewell(Farewell farewell) { farewell_ = farewell; }
  bool is_to_linger() const { return farewell_ == Farewell::kLinger; }
  void BeginLingering() { stage_ = Stage::kLingering; }
  bool is_lingering() const { return stage_ == Stage::kLingering; }

  // True once: it is to be told now.
  bool Tell() { return !std::exchange(told_, true); }

 private:
  enum class Stage : uint8_t { kNone, kFlushing, kLingering };

  absl::Status detail_;
  CloseReason reason_ = CloseReason::kDrained;
  Stage stage_ = Stage::kNone;
  Farewell farewell_ = Farewell::kClose;
  bool told_ = false;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_ENDING_H_
