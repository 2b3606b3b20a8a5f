// Moves an alias of MLflow's model registry: NAME@ALIAS names VERSION again. Setting an alias twice
// is the same as once. A probe asks whether that version is still there.
#include <fmt/core.h>

#include "runtime/actuators/http_action.h"

namespace rel {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::unique_ptr<RunningAction> start_mlflow(const ActionRequest& request,
                                            const Actuators& actuators) {
  const MlflowRules& rules = actuators.rules.mlflow;
  if (rules.url.empty()) {
    return refused_action("the host has no model registry; write `mlflow: {url: URL}` in the file "
                          "given with --config");
  }
  const size_t at = request.facts.subject.find('@');
  if (at == std::string::npos) return refused_action("an alias is named NAME@ALIAS");
  const std::string name = request.facts.subject.substr(0, at);
  const std::string& version = request.facts.version;
  const std::string api = rules.url + "/api/2.0/mlflow/";
  HttpRequest ask = json_post(request, actuators.rules, api + "registered-models/alias",
                              {{"name", name},
                               {"alias", request.facts.subject.substr(at + 1)},
                               {"version", version}});
  if (request.mode == ActionMode::probe) {
    ask.method = "GET";
    ask.url = fmt::format("{}model-versions/get?name={}&version={}", api, escaped(name),
                          escaped(version));
    ask.body.clear();
  }
  if (rules.token.is_given()) {
    const Result<std::string> token = read_secret(rules.token);
    if (!token) return ended_action(ActionProgress::failed, token.error().message);
    ask.headers.emplace_back("Authorization", "Bearer " + *token);
  }
  return start_exchange(*actuators.http, ask, "MLflow");
}

}  // namespace rel
