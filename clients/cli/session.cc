#include "clients/cli/session.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/cli11.h"
#include "clients/cli/failure.h"
#include "clients/cli/field_text.h"
#include "clients/cli/table.h"

namespace sipcm::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

enum class JsonForm { kLine, kIndented };

std::string Json(const Message& message, JsonForm form) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = form == JsonForm::kIndented;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (status.ok()) return json;
  std::cerr << "error: what the server answered has no form in JSON: " << status.ToString()
            << std::endl;
  return "{}";
}

std::vector<const Message*> Entries(const Message& response) {
  std::vector<const Message*> entries;
  for (int i = 0; i < response.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = response.GetDescriptor()->field(i);
    if (!field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    for (int j = 0; j < response.GetReflection()->FieldSize(response, field); ++j) {
      entries.push_back(&response.GetReflection()->GetRepeatedMessage(response, field, j));
    }
    break;
  }
  return entries;
}

}  // namespace

Session::Session() = default;
Session::~Session() = default;

void Session::AddOptions(CLI::App& app) {
  app.add_option("--server", server_, "Address of the server's API")
      ->envname("SIPCM_SERVER")
      ->capture_default_str();
  app.add_flag("--json", json_, "Print JSON (streams: one object per line)");
  app.add_option("--timeout", timeout_seconds_, "Seconds for one call; streams have none")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
}

void Session::SetAction(CLI::App& command, Action action) {
  command.callback([this, action = std::move(action)] { action_ = action; });
}

std::shared_ptr<grpc::Channel> Session::channel() {
  if (channel_ == nullptr) {
    channel_ = grpc::CreateChannel(server_, grpc::InsecureChannelCredentials());
  }
  return channel_;
}

void Session::SetDeadline(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(static_cast<int64_t>(timeout_seconds_ * 1000)));
}

ExitStatus Session::Fail(const grpc::Status& status) const {
  return Fail(FailureText(status, server_));
}

ExitStatus Session::Fail(absl::string_view message) const {
  std::cerr << "error: " << Printable(std::string(message)) << std::endl;
  return kFailed;
}

ExitStatus Session::RefuseUsage(absl::string_view message) const {
  Fail(message);
  return kWrongUsage;
}

void Session::PrintResource(const Message& resource) const {
  if (json_) {
    std::cout << Json(resource, JsonForm::kIndented) << std::flush;
    return;
  }
  const std::vector<std::pair<std::string, std::string>> fields = FieldTexts(resource);
  size_t width = 0;
  for (const auto& [path, text] : fields) width = std::max(width, path.size());
  for (const auto& [path, text] : fields) {
    const bool lines = text.find('\n') != std::string::npos;
    std::cout << path << std::string(width - path.size() + 2, ' ') << (lines ? "\n" : "")
              << Printable(text) << "\n";
  }
  std::cout << std::flush;
}

void Session::PrintList(const Message& response, const std::vector<Column>& columns) const {
  if (json_) {
    std::cout << Json(response, JsonForm::kIndented) << std::flush;
    return;
  }
  std::vector<std::string> headings;
  for (const Column& column : columns) headings.push_back(column.heading);
  Table table(std::move(headings));
  for (const Message* entry : Entries(response)) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(FieldText(*entry, column.path));
    table.Add(std::move(cells));
  }
  std::cout << table.Text() << std::flush;
}

void Session::PrintJsonLine(const Message& message) const {
  std::cout << Json(message, JsonForm::kLine) << std::endl;
}

void Session::PrintLine(const std::string& line) const { std::cout << line << std::endl; }

void Session::PrintText(const std::string& text) const {
  if (!json_) std::cout << Printable(text) << std::flush;
}

}  // namespace sipcm::cli
