#include "runtime/base/hmac.h"

#include "runtime/base/sha256.h"

namespace rel {
namespace {

constexpr size_t block_bytes = 64;

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

std::string padded(const std::string& key, char with) {
  std::string block(block_bytes, with);
  for (size_t i = 0; i < key.size(); i++) block[i] = static_cast<char>(block[i] ^ key[i]);
  return block;
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  const std::string short_key =
      key.size() > block_bytes ? bytes_of(sha256_hex(key)) : std::string(key);
  const std::string inner = sha256_hex(padded(short_key, 0x36) + std::string(message));
  return sha256_hex(padded(short_key, 0x5c) + bytes_of(inner));
}

}  // namespace rel
