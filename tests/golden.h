// Golden files: the expected text of a test, kept beside its input.
#pragma once

#include <string>

namespace rel::test {

extern bool bless;  // --bless: rewrite goldens instead of comparing

}  // namespace rel::test
