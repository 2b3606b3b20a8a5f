// Well-typed policy text from a seed: conditions over every aggregate, window, segment clause and
// operator of the language, in one release of one stage.
#pragma once

#include <cstdint>
#include <string>

namespace rel::test {

std::string random_policy(uint64_t seed);

}  // namespace rel::test
