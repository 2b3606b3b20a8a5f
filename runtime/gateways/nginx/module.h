// The nginx module as nginx sees it. Owner: nginx, which calls the hooks below.
#pragma once

#include "runtime/gateways/nginx/nginx.h"

extern "C" ngx_module_t ngx_http_release_module;
