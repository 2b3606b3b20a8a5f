// Why: whoever reads the policy, its plan, its journal or its history has the secret, too.
// Avoid: notify by command ["curl", "-H", "Authorization: Bearer eyJhbGciOi..."].
// Prefer: the name of a secret that the host's configuration holds.
#include "compiler/diagnostics/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include <fmt/format.h>

namespace rel {
namespace {

struct Prefix {
  std::string_view text;
  size_t more;  // so many letters, digits, `-` or `_` behind it
  std::string_view kind;
};

constexpr Prefix prefixes[] = {
    {"AKIA", 16, "a key of AWS"},         {"ASIA", 16, "a key of AWS"},
    {"ghp_", 30, "a token of GitHub"},    {"github_pat_", 30, "a token of GitHub"},
    {"gho_", 30, "a token of GitHub"},    {"glpat-", 20, "a token of GitLab"},
    {"xoxb-", 20, "a token of Slack"},    {"xoxp-", 20, "a token of Slack"},
    {"AIza", 35, "a key of Google"},      {"sk-", 20, "a key of an AI service"},
    {"Bearer ", 16, "a bearer token"},    {"Basic ", 12, "a password"},
    {"hooks.slack.com/services/T", 12, "a webhook of Slack"},
};

constexpr std::array<std::string_view, 7> assigned = {
    "password=", "passwd=", "secret=", "token=", "apikey=", "api_key=", "access_key="};

bool is_key_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '/' ||
         c == '.' || c == '+' || c == '=';
}

size_t key_length(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_key_letter);
  return static_cast<size_t>(end - text.begin());
}

// `https://user:password@host`
bool has_userinfo(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view host = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const size_t at = host.find('@');
  const size_t colon = host.find(':');
  return at != std::string_view::npos && colon < at && at > colon + 1;
}

bool assigns_secret(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view name : assigned) {
    const size_t at = lower.find(name);
    // `token=$TOKEN` and `token=<token>` are places for one, not one.
    if (at != std::string::npos && key_length(text.substr(at + name.size())) >= 8) return true;
  }
  return false;
}

}  // namespace

std::string_view secret_kind(std::string_view text) {
  if (text.find("-----BEGIN") != std::string_view::npos) return "a private key";
  for (const Prefix& each : prefixes) {
    const size_t at = text.find(each.text);
    if (at == std::string_view::npos || (at > 0 && is_key_letter(text[at - 1]) &&
                                         text[at - 1] != '/' && text[at - 1] != '='))
      continue;
    if (key_length(text.substr(at + each.text.size())) >= each.more) return each.kind;
  }
  if (has_userinfo(text)) return "a password in an address";
  return assigns_secret(text) ? "a secret" : std::string_view{};
}

void find_secrets(const Sources& sources, const std::vector<FileId>& files,
                  Diagnostics& diagnostics) {
  for (const FileId file : files) {
    const std::string_view text = sources.file(file).text;
    for (size_t at = 0; (at = text.find_first_of("\"/", at)) < text.size(); ++at) {
      if (text[at] == '/') {
        if (text.substr(at).starts_with("//")) at = std::min(text.find('\n', at), text.size());
        continue;
      }
      const size_t start = at++;
      while (at < text.size() && text[at] != '"' && text[at] != '\n')
        at += text[at] == '\\' ? 2 : 1;
      const size_t end = std::min(at, text.size());
      const std::string_view kind = secret_kind(text.substr(start + 1, end - start - 1));
      if (kind.empty()) continue;
      const Span span{file, static_cast<uint32_t>(start), static_cast<uint32_t>(end + 1 - start)};
      diagnostics
          .report(Code::secret_literal, span, fmt::format("this text looks like {}", kind))
          .with_note("policies, plans and journals are read by many and kept for ever")
          .with_help("keep it in the host's configuration, and renew it: it has been written down");
    }
  }
}

}  // namespace rel
