// HMAC-SHA-256 (RFC 2104, FIPS 198-1): the signature of a webhook's body.
#pragma once

#include <string>
#include <string_view>

namespace rel {

// 64 lower-case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);

}  // namespace rel
