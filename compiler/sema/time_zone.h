// Time zones of the system's database: when a zone's offset from UTC changes.
// Input: a zone's name, such as Europe/Berlin. Output: its changes from 2000 to 2099 as plain rows,
// so that a plan carries them and nothing below the compiler asks the system.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/sema/typed.h"
#include "runtime/base/result.h"

namespace rel::sema {

// An error says what is wrong with the name or the database.
Result<TypedZone> load_zone(const std::string& name);

// The same from the bytes of a zone file (TZif, RFC 8536).
Result<TypedZone> read_zone(std::string_view bytes);

// Zones that people live in, as the database lists them; none when it has no list.
std::vector<std::string> zone_names();

}  // namespace rel::sema
