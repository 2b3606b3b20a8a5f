// Posts to a Slack channel by its incoming webhook, whose address is the secret.
#include <fmt/core.h>

#include "runtime/actuators/http_action.h"
#include "runtime/base/time_text.h"

namespace rel {
namespace {

// Slack's own three escapes; everything else of its markup is harmless in a sentence.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

Json field(std::string_view name, const std::string& value) {
  return {{"type", "mrkdwn"}, {"text", fmt::format("*{}*\n{}", name, escaped(value))}};
}

// Slack refuses a header above 150 characters and a section above 3,000.
std::string shortened(std::string text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most - 4;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;
  return text.substr(0, end) + " ...";
}

Json body_of(const ActionFacts& facts) {
  const std::string title = shortened(headline(facts), 150);
  Json blocks = Json::array();
  blocks.push_back({{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", title}}}});
  blocks.push_back(
      {{"type", "section"},
       {"text", {{"type", "mrkdwn"}, {"text", shortened(escaped(facts.summary), 2900)}}}});
  Json fields = Json::array({field("candidate", shortened(facts.candidate, 400)),
                             field("answers now", shortened(facts.baseline, 400)),
                             field("stage", facts.stage),
                             field("owner", facts.owner.empty() ? "not named" : facts.owner)});
  blocks.push_back({{"type", "section"}, {"fields", std::move(fields)}});
  blocks.push_back(
      {{"type", "context"},
       {"elements", Json::array({{{"type", "mrkdwn"},
                                  {"text", fmt::format("{} | {}", rfc3339_text(facts.time_ns),
                                                       escaped(facts.incident))}}})}});
  return {{"text", fmt::format("{}: {}", title, escaped(facts.summary))},
          {"blocks", std::move(blocks)}};
}

}  // namespace

std::unique_ptr<RunningAction> start_slack(const ActionRequest& request,
                                           const Actuators& actuators) {
  const std::string& channel = request.arguments[0];
  const auto found = actuators.rules.slack.find(channel);
  if (found == actuators.rules.slack.end()) {
    return refused_action(fmt::format("the host does not know channel `{}`; name the file with its "
                                      "webhook's address under `slack:` in the file given with "
                                      "--config",
                                      channel));
  }
  const Result<std::string> address = read_secret(found->second);
  if (!address) return ended_action(ActionProgress::failed, address.error().message);
  // Slack has no dry run: that the address can be read is all that is known without a message.
  if (request.mode == ActionMode::probe) {
    return ended_action(ActionProgress::done, fmt::format("`{}` has an address", channel));
  }
  return start_exchange(*actuators.http,
                        json_post(request, actuators.rules, *address, body_of(request.facts)),
                        "Slack");
}

}  // namespace rel
