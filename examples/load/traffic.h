// Who asks and for what: a population of users, each with a region, who pay by card. The same seed
// gives the same requests. Input: a seed. Output: request texts.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace example {

struct Payment {
  uint32_t user = 0;
  const char* region = "";
  std::string request;  // the whole HTTP request
};

class Traffic {
 public:
  Traffic(uint32_t users, uint64_t seed) : users_(users), random_(seed) {}

  Payment next();

 private:
  uint32_t users_;
  std::mt19937_64 random_;
};

}  // namespace example
