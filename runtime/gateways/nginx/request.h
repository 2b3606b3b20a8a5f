// What is remembered of one request from its decision to its observation, and the variables that
// read it.
//
// The record lives in a cleanup of the main request's pool: an internal redirect (error_page,
// X-Accel-Redirect) wipes a module's context, but not that. Subrequests share it.
#pragma once

#include "rel/rel.h"
#include "runtime/base/limits.h"
#include "runtime/gateways/nginx/nginx.h"
#include "runtime/gateways/nginx/release.h"

namespace rel::gateway {

enum class Observed : uint8_t { no, yes };

struct RequestRecord {
  Release* release;
  rel_decision decision;
  int64_t started_ns;    // monotonic, when the decision was made
  ngx_uint_t first_try;  // upstream tries before the decision; they are not ours
  uint8_t segments[limits::segments_max];
  uint32_t segment_count;
  Observed live;

  ngx_http_request_t* shadow;  // the subrequest that read $release_shadow, if any
  int64_t shadow_started_ns;
  Observed shadow_observed;
};

// The record of `r`'s main request, or null when no decision was made.
RequestRecord* find_record(ngx_http_request_t* r);

// As above, but decides first when there is none. Null: no policy here, or out of memory.
RequestRecord* decide(ngx_http_request_t* r);

// Adds $release_variant and its kin; to be called before the configuration is read.
ngx_int_t add_variables(ngx_conf_t* cf);

}  // namespace rel::gateway
