#include "runtime/gateways/nginx/bindings.h"

#include <cctype>

namespace rel::gateway {
namespace {

// $http_x_insider for a header X-Insider, $cookie_beta for a cookie beta.
std::string variable_name(const rel_request_slot& slot) {
  const std::string_view name(slot.name.ptr, slot.name.len);
  if (slot.part == REL_PART_COOKIE) return "cookie_" + std::string(name);
  std::string variable = "http_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return variable;
}

}  // namespace

std::string key_problem(const Release& release, std::string_view key_name) {
  const rel_str sticky = rel_plan_sticky_by(release.plan());
  const std::string wanted(sticky.ptr == nullptr ? "" : sticky.ptr, sticky.len);
  if (wanted.empty() || wanted == key_name) return {};
  const std::string bound =
      key_name.empty() ? "release_key does not say what its value is"
                       : "release_key binds `" + std::string(key_name) + "`";
  return "the release `" + std::string(release.name()) + "` is sticky by `" + wanted + "`, but " +
         bound + "; write `release_key " + wanted + " $variable;` with what names the " + wanted;
}

ngx_int_t bind_slots(ngx_conf_t* cf, ServerConf& conf) {
  const rel_plan* plan = conf.release->plan();
  conf.slot_count = rel_plan_slot_count(plan);
  if (conf.slot_count == 0) return NGX_OK;
  conf.slots = static_cast<ngx_int_t*>(ngx_palloc(cf->pool, conf.slot_count * sizeof(ngx_int_t)));
  if (conf.slots == nullptr) return NGX_ERROR;
  for (uint32_t i = 0; i < conf.slot_count; ++i) {
    rel_request_slot slot{};
    slot.struct_size = sizeof slot;
    if (rel_plan_slot(plan, i, &slot) != REL_OK) return NGX_ERROR;
    const std::string name = variable_name(slot);
    ngx_str_t held;
    held.len = name.size();
    held.data = static_cast<u_char*>(ngx_pnalloc(cf->pool, held.len));
    if (held.data == nullptr) return NGX_ERROR;
    ngx_memcpy(held.data, name.data(), held.len);
    conf.slots[i] = ngx_http_get_variable_index(cf, &held);
    if (conf.slots[i] == NGX_ERROR) return NGX_ERROR;
  }
  return NGX_OK;
}

uint32_t target_of_request(ngx_http_request_t* main, const ServerConf& conf) {
  if (conf.slot_count == 0) return REL_TARGET_NONE;
  rel_str values[limits::request_slots_max] = {};
  for (ngx_uint_t i = 0; i < conf.slot_count; ++i) {
    const ngx_http_variable_value_t* value =
        ngx_http_get_indexed_variable(main, static_cast<ngx_uint_t>(conf.slots[i]));
    if (value == nullptr || value->not_found) continue;
    values[i] = {reinterpret_cast<const char*>(value->data), value->len};
  }
  return rel_plan_target(conf.release->plan(), values, static_cast<uint32_t>(conf.slot_count));
}

}  // namespace rel::gateway
