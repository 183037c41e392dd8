#include "tests/simulation/transaction_tally.h"

namespace sipcm::simulation {

void TransactionTally::Add(const TransactionTally& other) {
  requests += other.requests;
  copies += other.copies;
  merged += other.merged;
  cancels += other.cancels;
  repeated_2xx += other.repeated_2xx;
  acks_delivered += other.acks_delivered;
  acks_missing += other.acks_missing;
  malformed += other.malformed;
  absorbed += other.absorbed;
  lost_connections += other.lost_connections;
  lost_applications += other.lost_applications;
  returned_applications += other.returned_applications;
  accepted += other.accepted;
  lost_to_them += other.lost_to_them;
  returned_answers += other.returned_answers;
  calls_out += other.calls_out;
  ended_calls_out += other.ended_calls_out;
}

}  // namespace sipcm::simulation
