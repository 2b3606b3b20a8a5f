// Turns what nginx knows of an upstream try into an observation: of the arm that was tried first,
// once a request, as soon as its response is complete.
#pragma once

#include "runtime/gateways/nginx/nginx.h"

namespace rel::gateway {

// Puts the header and body filters and the log phase handler in place.
ngx_int_t install_observers(ngx_conf_t* cf);

}  // namespace rel::gateway
