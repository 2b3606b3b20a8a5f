// SHA-256 (FIPS 180-4) of bytes in memory: the identity of a model file.
#pragma once

#include <string>
#include <string_view>

namespace rel {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace rel
