// The values of categories that conditions count, each a flag of the policy of its own.
// Input: a category's row and a text. Output: the row of the flag. Owner: TypedPolicy::metrics.
#pragma once

#include "compiler/sema/context.h"

namespace rel::sema {

// The flag that is true where the category has this value; made when it is not there yet.
uint32_t category_value(TypedPolicy& policy, uint32_t category, std::string_view value);

// The same for what a test or an expectation names: no condition counts it is reported at `span`.
std::optional<uint32_t> counted_value(const Context& context, uint32_t category,
                                      std::string_view value, Span span);

}  // namespace rel::sema
