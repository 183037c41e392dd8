#include "server/config/config_file.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "server/store/file_text.h"
#include "server/store/resource_name.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Config;

constexpr size_t kMaxFileBytes = 64 << 20;

// Makes `*file` absolute. What it holds is read, and watched, where its resource is created; here
// only whether it can be.
absl::Status Locate(const std::string& folder, const std::string& field, std::string* file,
                    const std::string& pem, absl::string_view pem_field) {
  if (file->empty()) return absl::OkStatus();
  if (!pem.empty()) {
    return BadField("CONFLICTING_FIELDS", field, absl::StrCat("give either it, or ", pem_field));
  }
  std::error_code ignored;  // then it stays relative, and what reads it says so
  const std::filesystem::path given = (*file)[0] == '/' ? *file : absl::StrCat(folder, *file);
  const std::string path = std::filesystem::absolute(given, ignored).string();
  absl::StatusOr<std::string> text = ReadFileText(path, kMaxFileBytes);
  if (!text.ok()) {
    return WithField(MakeError(text.status().code(), "FILE_UNREADABLE",
                               absl::StrCat(field, ": ", text.status().message())),
                     field);
  }
  *file = path;
  return absl::OkStatus();
}

absl::Status LocateFiles(const std::string& folder, Config* config) {
  for (int i = 0; i < config->certificates_size(); ++i) {
    sipcm::v1::Certificate* certificate = config->mutable_certificates(i);
    const std::string at = absl::StrCat("certificates[", i, "].");
    SIPCM_RETURN_IF_ERROR(Locate(folder, at + "certificate_file",
                                 certificate->mutable_certificate_file(),
                                 certificate->certificate_pem(), "certificate_pem"));
    SIPCM_RETURN_IF_ERROR(Locate(folder, at + "private_key_file",
                                 certificate->mutable_private_key_file(),
                                 certificate->private_key_pem(), "private_key_pem"));
  }
  for (int i = 0; i < config->trust_bundles_size(); ++i) {
    sipcm::v1::TrustBundle* bundle = config->mutable_trust_bundles(i);
    const std::string at = absl::StrCat("trust_bundles[", i, "].");
    SIPCM_RETURN_IF_ERROR(Locate(folder, at + "certificates_file",
                                 bundle->mutable_certificates_file(), bundle->certificates_pem(),
                                 "certificates_pem"));
    SIPCM_RETURN_IF_ERROR(Locate(folder, at + "crls_file", bundle->mutable_crls_file(),
                                 bundle->crls_pem(), "crls_pem"));
  }
  return absl::OkStatus();
}

std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"\r", ""}, {"\n", " "}});
}

// A Create's refusal as one of the file: "endpoint.kind" becomes "endpoints[2].kind".
absl::Status InFile(const absl::Status& status, absl::string_view request_field,
                    const std::string& place, const std::string& name) {
  if (status.code() == absl::StatusCode::kAlreadyExists && FieldOf(status).empty()) {
    return BadField("CONFIG_CONFLICT", absl::StrCat(place, ".name"),
                    absl::StrCat("\"", name, "\" is there twice; give each its own name"));
  }
  const std::string field = FieldOf(status);
  absl::string_view rest = field;
  absl::string_view message = status.message();
  if (absl::ConsumePrefix(&message, field)) absl::ConsumePrefix(&message, ": ");
  if (!absl::ConsumePrefix(&rest, absl::StrCat(request_field, "."))) {
    return MakeError(status.code(), ReasonOf(status), absl::StrCat(place, ": ", message));
  }
  const std::string path = absl::StrCat(place, ".", rest);
  return WithField(MakeError(status.code(), ReasonOf(status), absl::StrCat(path, ": ", message)),
                   path);
}

// Creates each of `resources`: `fill` makes the request, `create` asks the catalogue.
template <typename Request, typename Resources, typename Fill, typename Create>
absl::Status CreateAll(const Resources& resources, absl::string_view list,
                       absl::string_view collection, absl::string_view request_field, Fill fill,
                       Create create) {
  int i = 0;
  for (const auto& resource : resources) {
    const std::string place = absl::StrCat(list, "[", i++, "]");
    SIPCM_ASSIGN_OR_RETURN(const std::string id,
                           ParseName(resource.name(), collection, absl::StrCat(place, ".name")));
    Request request;
    fill(&request, id, resource);
    const absl::Status created = create(request);
    if (!created.ok()) return InFile(created, request_field, place, resource.name());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> ReadConfigFile(const std::string& path) {
  SIPCM_ASSIGN_OR_RETURN(const std::string json, ReadFileText(path, kMaxFileBytes));
  Config config;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &config, options);
  const auto in_file = [&](const absl::Status& status) {
    return WithField(MakeError(status.code(), ReasonOf(status),
                               absl::StrCat("\"", path, "\": ", OneLine(status.message()))),
                     FieldOf(status));
  };
  if (!parsed.ok()) {
    return in_file(
        MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                  absl::StrCat("not a sipcm.v1.Config in JSON: ", std::string(parsed.message()))));
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  if (const absl::Status located = LocateFiles(folder, &config); !located.ok())
    return in_file(located);
  return config;
}

absl::Status ApplyConfig(const Config& config, Catalogs* catalogs) {
  using namespace sipcm::v1;  // NOLINT: a dozen names of one package
  SIPCM_RETURN_IF_ERROR((CreateAll<CreateCertificateRequest>(
      config.certificates(), "certificates", kCertificates, "certificate",
      [](CreateCertificateRequest* request, const std::string& id, const Certificate& resource) {
        request->set_certificate_id(id);
        *request->mutable_certificate() = resource;
      },
      [&](const auto& request) { return catalogs->certificates.Create(request).status(); })));
  SIPCM_RETURN_IF_ERROR((CreateAll<CreateTrustBundleRequest>(
      config.trust_bundles(), "trust_bundles", kTrustBundles, "trust_bundle",
      [](CreateTrustBundleRequest* request, const std::string& id, const TrustBundle& resource) {
        request->set_trust_bundle_id(id);
        *request->mutable_trust_bundle() = resource;
      },
      [&](const auto& request) { return catalogs->trust_bundles.Create(request).status(); })));
  SIPCM_RETURN_IF_ERROR((CreateAll<CreateConnectionManagerRequest>(
      config.connection_managers(), "connection_managers", kConnectionManagers,
      "connection_manager",
      [](CreateConnectionManagerRequest* request, const std::string& id,
         const ConnectionManager& resource) {
        request->set_connection_manager_id(id);
        *request->mutable_connection_manager() = resource;
      },
      [&](const auto& request) {
        return catalogs->managers.Create(request, ConnectionManagerCatalog::Listening::kLater)
            .status();
      })));
  SIPCM_RETURN_IF_ERROR((CreateAll<CreateEndpointRequest>(
      config.endpoints(), "endpoints", kEndpoints, "endpoint",
      [](CreateEndpointRequest* request, const std::string& id, const Endpoint& resource) {
        request->set_endpoint_id(id);
        *request->mutable_endpoint() = resource;
      },
      [&](const auto& request) { return catalogs->endpoints.Create(request).status(); })));
  for (int i = 0; i < config.connection_pools_size(); ++i) {
    UpdateConnectionPoolRequest request;
    *request.mutable_connection_pool() = config.connection_pools(i);
    request.mutable_connection_pool()->clear_etag();
    const absl::Status applied = catalogs->pools.Apply(request);
    if (!applied.ok()) {
      return InFile(applied, "connection_pool", absl::StrCat("connection_pools[", i, "]"),
                    config.connection_pools(i).name());
    }
  }
  return absl::OkStatus();
}

int64_t ConfiguredConnectionCount(const Config& config) {
  int64_t sum = 0;
  for (const sipcm::v1::ConnectionManager& manager : config.connection_managers()) {
    const int most = manager.limits().max_connection_count();
    if (most > 0 && most < 2147483647) sum += most;
  }
  return sum;
}

}  // namespace sipcm::server
