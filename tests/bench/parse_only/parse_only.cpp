// What `relc check` is measured against: a process that reads a policy and parses it, nothing more.
#include "compiler/syntax/parse.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  rel::Sources sources;
  const rel::Result<rel::FileId> file = sources.read(argv[1]);
  if (!file) return 2;
  rel::Diagnostics diagnostics;
  rel::parse(sources, *file, diagnostics);
  return diagnostics.has_errors() ? 1 : 0;
}
