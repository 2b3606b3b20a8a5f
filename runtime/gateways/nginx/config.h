// The directives: what they are called, where they stand, and what they are checked for.
#pragma once

#include "runtime/gateways/nginx/nginx.h"
#include "runtime/gateways/nginx/release.h"

namespace rel::gateway {

// `release_segment NAME VALUE;`
struct SegmentBinding {
  ngx_str_t name;
  ngx_http_complex_value_t value;
};

// One a configuration cycle.
struct MainConf {
  ngx_array_t releases;  // Release*, each owned by a cleanup of the cycle's pool
  ngx_event_t timer;
  ngx_connection_t timer_owner;  // nginx's event code wants one
};

// One an http or server block. Plain memory from the cycle's pool.
struct ServerConf {
  ngx_str_t policy;
  ngx_str_t release_name;
  ngx_str_t state;
  ngx_str_t time_scale;
  ngx_uint_t evaluator;  // EvaluatorChoice
  ngx_http_complex_value_t* key;
  ngx_str_t key_name;  // `release_key NAME VALUE;`, else empty
  ngx_http_complex_value_t* id;
  ngx_http_complex_value_t* arm;  // of a policy that only observes: what others have chosen
  ngx_array_t* bindings;  // SegmentBinding; null: none written here

  Release* release;                     // null: no policy here
  ngx_http_complex_value_t** segments;  // in the order of the plan
  ngx_uint_t segment_count;
  ngx_int_t* slots;  // nginx variables of the plan's request slots, in their order
  ngx_uint_t slot_count;
};

extern ngx_command_t release_commands[];
extern ngx_http_module_t release_context;

}  // namespace rel::gateway
