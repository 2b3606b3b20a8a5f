// The compiler as a library for a gateway's master process, librel_compiler.so. It implements the
// interface below, loads librel_codegen.so from its own directory, and interprets when told not to
// compile.
#pragma once

#include "runtime/gateways/compiler_plugin.h"
