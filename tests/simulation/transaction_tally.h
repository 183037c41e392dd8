#ifndef SIPCM_TESTS_SIMULATION_TRANSACTION_TALLY_H_
#define SIPCM_TESTS_SIMULATION_TRANSACTION_TALLY_H_

namespace sipcm::simulation {

// What one run did, so that many can show that their faults really happened.
struct TransactionTally {
  int requests = 0;
  int copies = 0;  // the same request on the same connection again
  int merged = 0;  // answered with 482
  int cancels = 0;
  int repeated_2xx = 0;
  int acks_delivered = 0;
  int acks_missing = 0;
  int malformed = 0;
  int absorbed = 0;  // copies that came for sure while their original was open
  int lost_connections = 0;
  int lost_applications = 0;
  int returned_applications = 0;
  int accepted = 0;          // INVITEs, by applications
  int lost_to_them = 0;      // what applications that came back were told to have lost
  int returned_answers = 0;  // that went another way, because their connection was gone
  int calls_out = 0;
  int ended_calls_out = 0;  // BYEs that the server sent for a call that nobody wanted

  void Add(const TransactionTally& other);
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_TRANSACTION_TALLY_H_
