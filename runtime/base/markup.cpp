#include "runtime/base/markup.h"

namespace rel {

std::string markup_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;  // rel: every other byte stands for itself
    }
  }
  return out;
}

}  // namespace rel
