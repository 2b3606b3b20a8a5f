// What the releases of one gateway have to do with each other: a model has one candidate at a time,
// and the members of a release set are carried out together.
// Input: the releases of a configuration. Output: what is wrong with them, and joined engines.
#pragma once

#include <span>
#include <string>

#include "runtime/gateways/nginx/release.h"

namespace rel::gateway {

// Empty: they can be carried out beside each other. Reads the state directories, changes nothing.
std::string problem_together(std::span<Release* const> releases);

// Once every state is open, before the workers are forked.
Status join_sets(std::span<Release* const> releases);

}  // namespace rel::gateway
