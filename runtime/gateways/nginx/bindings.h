// What a policy names and a gateway's configuration binds: the key, and the headers and cookies
// that routes read. Input: the directives of a block and its release's plan. Output: variable
// indices in the block, or what is not bound, with the remedy.
#pragma once

#include <string>
#include <string_view>

#include "runtime/gateways/nginx/config.h"

namespace rel::gateway {

// Empty: the key is called what the policy is sticky by, or the policy does not name it.
std::string key_problem(const Release& release, std::string_view key_name);

// Finds nginx's variables of the plan's request slots. NGX_ERROR: out of memory.
ngx_int_t bind_slots(ngx_conf_t* cf, ServerConf& conf);

// Where the forced routes and the audience send a request.
uint32_t target_of_request(ngx_http_request_t* main, const ServerConf& conf);

}  // namespace rel::gateway
