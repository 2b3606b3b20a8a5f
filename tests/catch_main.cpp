// The shared main of all Catch2 tests: `--bless` rewrites goldens instead of comparing them.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/golden.h"

namespace rel::test {
bool bless = false;
}

int main(int argc, char** argv) {
  Catch::Session session;
  using namespace Catch::clara;
  session.cli(session.cli() |
              Opt(rel::test::bless)["--bless"]("rewrite golden files instead of comparing"));
  const int usage = session.applyCommandLine(argc, argv);
  if (usage != 0) return usage;
  return session.run();
}
