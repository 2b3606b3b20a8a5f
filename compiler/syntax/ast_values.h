// The smallest parts of the syntax tree: names, quantities, texts, and the number of an expression.
// As written, with their places; ast.h and its parts are made of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/source/source.h"

namespace rel::ast {

// A name with its place. Names are also soft keywords (score, user, load, test, watch ...).
struct Name {
  std::string text;
  Span span;
};

// A number with its unit as one token: 5%, 2pp, 300ms, 1h30m, 50k, 120/s, 0.25. `magnitude` and
// `unit` are as written for a single part ("300", "ms"); compound durations are `parts`.
struct Quantity {
  struct Part {
    double magnitude = 0;
    std::string unit;  // as written: "", "%", "pp", "ms", "s", "m", "h", "d", "k", "M", "/s" ...
  };
  std::vector<Part> parts;
  std::string parameter;  // of a definition, in its body: its value stands for the quantity
  Span span;
};

struct String {
  std::string value;  // escapes resolved
  Span span;
};

struct ExprId {
  uint32_t value = 0xffffffff;
  bool is_none() const { return value == 0xffffffff; }
};

}  // namespace rel::ast
