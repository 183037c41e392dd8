#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_CONTENT_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_CONTENT_CATALOG_H_

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/credential.h"
#include "core/tls/trust_bundle.h"
#include "proto/sipcm/v1/certificate.pb.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "proto/sipcm/v1/event.pb.h"
#include "proto/sipcm/v1/trust_bundle.pb.h"
#include "server/catalog/certificates/expiry_stage.h"
#include "server/catalog/certificates/reload_failure.h"
#include "server/catalog/control_state.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

// An end that content has.
struct ContentEnd {
  absl::Time at = absl::InfiniteFuture();
  // The first stage that is told of: what is renewed every other day is always near its end.
  ExpiryStage first_told = ExpiryStage::kWithinMonth;
};

// What certificates and trust bundles have in common: content with versions, that comes from
// callers or from watched files, is put in force as a whole, and ends some day. `Resource` is how
// callers see it, `Content` what is in force. Instantiated for these two.
template <typename Resource, typename Content>
class ContentCatalog {
 public:
  // Reads those anew that have one of the files, or failed kReloadAgainAfter ago; a file that
  // cannot be taken leaves what was there in force. Reads and parses without the lock.
  void Reload(const std::vector<std::string>& changed_files) ABSL_LOCKS_EXCLUDED(state_->mutex);
  // Tells of those that came nearer to an end: one event for each stage (ExpiryStage). To be
  // called now and then.
  void TellExpiries() ABSL_LOCKS_EXCLUDED(state_->mutex);

  // How many are in each state.
  std::map<typename Resource::State, int> CountByState() ABSL_LOCKS_EXCLUDED(state_->mutex);
  // Tells the event sink all of them, as the answer to a question of that round.
  void TellState(uint64_t round) ABSL_LOCKS_EXCLUDED(state_->mutex);

 protected:
  using ContentPointer = std::shared_ptr<const Content>;
  static constexpr int kMostEnds = 2;
  using Ends = std::array<ContentEnd, kMostEnds>;
  using Files = std::array<absl::string_view, 2>;

  // The words in which the two differ.
  struct Words {
    absl::string_view field;  // of requests
    ObjectClass object_class;
    sipcm::v1::Event::Kind reload_failed;
    sipcm::v1::Event::Kind expiring;
  };

  // What is known of a name beside the resource. The count goes on after a deletion, so that
  // versions differ.
  struct Record {
    int revision = 0;
    ReloadFailure reload_failure;
    std::array<ExpiryStage, kMostEnds> told = {};
  };

  // What an update makes of the resource. Its content is read without the lock, so it holds only as
  // long as the etag is the same.
  struct Draft {
    Resource resource;
    std::string base_etag;
    int revision = 0;   // that the new content would be
    bool same = false;  // no new content was given
  };

  ContentCatalog(ControlState* state, const Words& words) : state_(state), words_(words) {}
  ~ContentCatalog() = default;

  virtual const ResourceStore<Resource>& Stored() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) = 0;
  virtual Files FilesOf(const Resource& stored) const = 0;
  // Takes out what was read from the source, so that Read() reads it anew.
  virtual void ForgetContent(Resource* resource) const = 0;
  // Reads and checks what the source of `*resource` holds.
  virtual absl::StatusOr<ContentPointer> Read(Resource* resource, int revision) const
      ABSL_LOCKS_EXCLUDED(state_->mutex) = 0;
  // Puts new content in force for later handshakes of all managers that use it, or only checks that
  // it could be. The old content stays on an error. Null: no new one was given, the rest of
  // `changed` holds.
  virtual absl::StatusOr<Resource> Install(Resource changed, const ContentPointer& content,
                                           bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) = 0;
  virtual Resource Shown(const Resource& stored) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) = 0;
  virtual Ends EndsOf(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) = 0;

  // Of a name that is free.
  absl::StatusOr<int> NextRevision(const std::string& name) ABSL_LOCKS_EXCLUDED(state_->mutex);
  // An update of `name`: `draft_of` says from what is there now what it makes of it, and is asked
  // again when somebody else was faster.
  absl::StatusOr<Resource> Change(const std::string& name,
                                  absl::FunctionRef<absl::StatusOr<Draft>()> draft_of,
                                  sipcm::v1::OldConnections old_connections, bool validate_only)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  // The first end of its kind of all; InfiniteFuture() when there is none.
  absl::Time Earliest(int end) ABSL_LOCKS_EXCLUDED(state_->mutex);

  ControlState* const state_;
  std::map<std::string, Record> records_ ABSL_GUARDED_BY(state_->mutex);

 private:
  std::vector<std::string> DueForReload(const std::vector<std::string>& changed_files)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  // False: it changed meanwhile, perhaps from what its files held before.
  bool TryReload(const std::string& name) ABSL_LOCKS_EXCLUDED(state_->mutex);
  void FinishReload(Resource read, const absl::StatusOr<ContentPointer>& content)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // Whether one of its ends is nearer than was told; it counts as told.
  bool ComesNearer(const std::string& name, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  const Words words_;
};

extern template class ContentCatalog<sipcm::v1::Certificate, tls::Credential>;
extern template class ContentCatalog<sipcm::v1::TrustBundle, tls::TrustBundle>;

// FAILED_PRECONDITION (RESOURCE_IN_USE) with the users' names and the remedy, or OK when there are
// none.
absl::Status CheckUnused(const std::string& name, const std::vector<std::string>& users,
                         absl::string_view remedy);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_CONTENT_CATALOG_H_
