#include "runtime/actuators/rules.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/core.h>

#include "runtime/base/limits.h"

namespace rel {
namespace {

// A shorter one would blank out innocent text.
constexpr size_t secret_bytes_min = 4;

void hide(const Secret& secret, std::string& text) {
  if (!secret.is_given()) return;
  const Result<std::string> value = read_secret(secret);
  if (!value || value->size() < secret_bytes_min) return;
  for (size_t at = 0; (at = text.find(*value, at)) != std::string::npos;) {
    text.replace(at, value->size(), "[secret]");
  }
}

}  // namespace

Result<std::string> read_secret(const Secret& secret) {
  if (secret.file.empty()) return secret.value;
  const int file = open(secret.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return Error{fmt::format("the secret {} cannot be read: {}", secret.file,
                             std::strerror(errno))};
  }
  char bytes[limits::secret_bytes_max + 1];
  const ssize_t count = read(file, bytes, sizeof bytes);
  close(file);
  std::string value(bytes, count > 0 ? static_cast<size_t>(count) : 0);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
  if (value.empty() || value.size() > limits::secret_bytes_max) {
    return Error{fmt::format("the secret {} is empty, or larger than {} bytes", secret.file,
                             limits::secret_bytes_max)};
  }
  return value;
}

std::string without_secrets(const ActuatorRules& rules, std::string text) {
  hide(rules.webhooks.key, text);
  hide(rules.mlflow.token, text);
  for (const auto& [name, secret] : rules.slack) hide(secret, text);
  for (const auto& [name, secret] : rules.pagerduty.services) hide(secret, text);
  return text;
}

}  // namespace rel
