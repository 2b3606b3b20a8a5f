// The tables of the journal and how a file is opened, created and refused.
#pragma once

#include "runtime/base/result.h"
#include "runtime/journal/database.h"

namespace rel {

// Brings an open database into the journal's form: WAL, full synchronisation, the tables of this
// format. An existing file must be a sound journal of the same format and layout.
Status prepare_schema(Database& database, DatabaseMode mode);

}  // namespace rel
