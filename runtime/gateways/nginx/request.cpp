// Decisions and the variables that show them.
#include "runtime/gateways/nginx/request.h"

#include <fmt/format.h>

#include "runtime/gateways/nginx/bindings.h"
#include "runtime/gateways/nginx/clock.h"
#include "runtime/gateways/nginx/config.h"
#include "runtime/gateways/nginx/module.h"

namespace rel::gateway {
namespace {

// Marks the cleanup that holds a record; there is nothing to clean.
void record_marker(void*) {}

rel_str borrowed(const ngx_str_t& text) {
  return {reinterpret_cast<const char*>(text.data), text.len};
}

const ServerConf* server_conf(ngx_http_request_t* r) {
  return static_cast<const ServerConf*>(
      ngx_http_get_module_srv_conf(r, ngx_http_release_module));
}

void read_segments(ngx_http_request_t* main, const ServerConf& conf, RequestRecord& record) {
  record.segment_count = static_cast<uint32_t>(conf.segment_count);
  for (uint32_t i = 0; i < record.segment_count; ++i) {
    ngx_str_t value = ngx_null_string;
    // A value that cannot be made is outside the set, which the runtime counts as `other`.
    if (ngx_http_complex_value(main, conf.segments[i], &value) != NGX_OK) value.len = 0;
    record.segments[i] = static_cast<uint8_t>(
        rel_plan_segment_value(conf.release->plan(), i, borrowed(value)));
  }
}

// A release that only observes reports what the configuration's own routing has chosen. A value
// that is neither arm is no observation: it would count for the wrong one.
void take_arm(ngx_http_request_t* main, const ServerConf& conf, RequestRecord& record) {
  ngx_str_t value = ngx_null_string;
  if (ngx_http_complex_value(main, conf.arm, &value) != NGX_OK) value.len = 0;
  const std::string_view name{reinterpret_cast<const char*>(value.data), value.len};
  if (name == "candidate") {
    record.decision.variant = REL_CANDIDATE;
    record.decision.variant_name = {"candidate", name.size()};
  } else if (name != "baseline") {
    record.live = Observed::yes;
    ngx_log_error(NGX_LOG_WARN, main->connection->log, 0,
                  "release_arm is \"%V\", neither baseline nor candidate: not observed", &value);
  }
}

enum class Field : uintptr_t { variant, share, stage, shadow, reason };

std::string_view reason_name(uint32_t reason) {
  switch (static_cast<rel_reason>(reason)) {
    case REL_REASON_SPLIT: return "SPLIT";
    case REL_REASON_TARGETING_MATCH: return "TARGETING_MATCH";
    case REL_REASON_STATIC: return "STATIC";
    case REL_REASON_DEFAULT: return "DEFAULT";
    case REL_REASON_STALE: return "STALE";
    case REL_REASON_ERROR: return "ERROR";
  }
  return "ERROR";
}

// 250000 -> "0.25", 0 -> "0": the share as a ratio, without zeros at its end.
std::string_view share_text(ngx_http_request_t* r, uint32_t millionths) {
  auto* buffer = static_cast<char*>(ngx_pnalloc(r->pool, 16));
  if (buffer == nullptr) return {};
  char* end = fmt::format_to(buffer, "{}.{:06}", millionths / 1'000'000, millionths % 1'000'000);
  while (end[-1] == '0') --end;
  if (end[-1] == '.') --end;
  return {buffer, static_cast<size_t>(end - buffer)};
}

std::string_view stage_text(const RequestRecord& record) {
  if (record.decision.stage == UINT32_MAX) return {};
  const rel_str name = rel_plan_stage_name(record.release->plan(), record.decision.stage);
  return {name.ptr, name.len};
}

// A background subrequest that asks whether it is wanted is the shadow: `mirror` starts it for
// every request, and its location must ask before it goes on.
std::string_view shadow_text(ngx_http_request_t* r, RequestRecord& record) {
  if (record.decision.mirror == 0) return {};
  if (r != r->main && r->background && record.shadow == nullptr) {
    record.shadow = r;
    record.shadow_started_ns = monotonic_ns();
  }
  return "candidate";
}

std::string_view field_text(ngx_http_request_t* r, RequestRecord& record, Field field) {
  switch (field) {
    case Field::variant:
      return {record.decision.variant_name.ptr, record.decision.variant_name.len};
    case Field::share: return share_text(r, record.decision.share);
    case Field::stage: return stage_text(record);
    case Field::shadow: return shadow_text(r, record);
    case Field::reason: return reason_name(record.decision.reason);
  }
  return {};
}

void set_value(ngx_http_variable_value_t* value, std::string_view text) {
  value->data = reinterpret_cast<u_char*>(const_cast<char*>(text.data()));
  value->len = static_cast<unsigned>(text.size());
  value->valid = 1;
  value->no_cacheable = 0;
  value->not_found = 0;
}

extern "C" ngx_int_t release_variable(ngx_http_request_t* r, ngx_http_variable_value_t* value,
                                      uintptr_t data) {
  try {
    RequestRecord* record = decide(r);
    if (record == nullptr) {
      value->not_found = 1;
      return NGX_OK;
    }
    set_value(value, field_text(r, *record, static_cast<Field>(data)));
    return NGX_OK;
  } catch (...) {
    return NGX_ERROR;
  }
}

// $release_id: what joins a request's labels and shadow to it.
extern "C" ngx_int_t release_id_variable(ngx_http_request_t* r, ngx_http_variable_value_t* value,
                                         uintptr_t) {
  const ServerConf* conf = server_conf(r->main);
  if (conf->id == nullptr) {
    value->not_found = 1;
    return NGX_OK;
  }
  ngx_str_t text;
  if (ngx_http_complex_value(r->main, conf->id, &text) != NGX_OK) return NGX_ERROR;
  set_value(value, {reinterpret_cast<char*>(text.data), text.len});
  return NGX_OK;
}

}  // namespace

RequestRecord* find_record(ngx_http_request_t* r) {
  ngx_http_request_t* main = r->main;
  auto* record = static_cast<RequestRecord*>(
      ngx_http_get_module_ctx(main, ngx_http_release_module));
  if (record != nullptr) return record;
  for (ngx_pool_cleanup_t* item = main->pool->cleanup; item != nullptr; item = item->next) {
    if (item->handler != record_marker) continue;
    record = static_cast<RequestRecord*>(item->data);
    ngx_http_set_ctx(main, record, ngx_http_release_module);
    return record;
  }
  return nullptr;
}

RequestRecord* decide(ngx_http_request_t* r) {
  if (RequestRecord* record = find_record(r)) return record;
  ngx_http_request_t* main = r->main;
  const ServerConf* conf = server_conf(main);
  if (conf->release == nullptr) return nullptr;
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(main->pool, sizeof(RequestRecord));
  if (cleanup == nullptr) return nullptr;
  cleanup->handler = record_marker;
  auto* record = static_cast<RequestRecord*>(cleanup->data);
  *record = RequestRecord{};
  record->release = conf->release;
  record->first_try = main->upstream_states == nullptr ? 0 : main->upstream_states->nelts;
  read_segments(main, *conf, *record);

  ngx_str_t key = ngx_null_string;
  if (ngx_http_complex_value(main, conf->key, &key) != NGX_OK) key.len = 0;
  rel_context context{};
  context.struct_size = sizeof context;
  context.key = borrowed(key);
  context.now_ns = now_ns();
  context.target = target_of_request(main, *conf);
  context.segments = record->segments;
  context.segment_count = record->segment_count;
  record->decision.struct_size = sizeof record->decision;
  record->release->route(context, record->decision);
  if (conf->arm != nullptr) take_arm(main, *conf, *record);
  record->started_ns = monotonic_ns();
  ngx_http_set_ctx(main, record, ngx_http_release_module);
  return record;
}

ngx_int_t add_variables(ngx_conf_t* cf) {
  struct Row {
    const char* name;
    ngx_http_get_variable_pt handler;
    Field field;  // not read by the handler of $release_id
    ngx_uint_t flags;
  };
  // $release_shadow is not kept: its reader is told from the main request each time.
  const Row rows[] = {
      {"release_variant", release_variable, Field::variant, 0},
      {"release_share", release_variable, Field::share, 0},
      {"release_stage", release_variable, Field::stage, 0},
      {"release_shadow", release_variable, Field::shadow, NGX_HTTP_VAR_NOCACHEABLE},
      {"release_reason", release_variable, Field::reason, 0},
      {"release_id", release_id_variable, Field::variant, 0},
  };
  for (const Row& row : rows) {
    ngx_str_t name = {std::string_view(row.name).size(),
                      reinterpret_cast<u_char*>(const_cast<char*>(row.name))};
    ngx_http_variable_t* variable = ngx_http_add_variable(cf, &name, row.flags);
    if (variable == nullptr) return NGX_ERROR;
    variable->get_handler = row.handler;
    variable->data = static_cast<uintptr_t>(row.field);
  }
  return NGX_OK;
}

}  // namespace rel::gateway
