// HTTP, loaded where it is needed: librel_http.so beside the program's other libraries.
// Output: the client, which lives as long as the process, or an error with the remedy.
#pragma once

#include "runtime/base/result.h"
#include "runtime/http/http.h"

namespace rel::cli {

Result<HttpClient*> load_http_client();

}  // namespace rel::cli
