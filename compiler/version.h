// The version of relc, as programs print it. CMakeLists.txt has the same.
#pragma once

namespace rel {

inline constexpr char version[] = "0.1.0";

}  // namespace rel
