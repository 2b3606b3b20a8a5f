// Filters and the log phase: from upstream tries to observations.
#include "runtime/gateways/nginx/observe.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "runtime/gateways/nginx/clock.h"
#include "runtime/gateways/nginx/module.h"
#include "runtime/gateways/nginx/request.h"

namespace rel::gateway {
namespace {

// nginx chains filters through variables of the modules; each keeps the one that was there before.
ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

constexpr ngx_msec_t unset_time = static_cast<ngx_msec_t>(-1);

// Whether the first try's response came to its end: only then it has a duration.
enum class Response { complete, broken_off };

// How the arm that was tried first did.
struct FirstTry {
  enum class Outcome { answered, timed_out, no_answer } outcome = Outcome::no_answer;
  int32_t status = 0;
  ngx_msec_t response_ms = unset_time;
  ngx_uint_t tries = 0;  // with those of other upstreams after it
};

// Nothing when no upstream was tried since the decision, or when the client left before an answer:
// that says nothing of the arm.
std::optional<FirstTry> first_try_of(const ngx_http_request_t* r, ngx_uint_t first) {
  if (r->upstream_states == nullptr) return std::nullopt;
  const auto* states = static_cast<const ngx_http_upstream_state_t*>(r->upstream_states->elts);
  const ngx_http_upstream_state_t* state = nullptr;
  FirstTry found;
  for (ngx_uint_t i = first; i < r->upstream_states->nelts; ++i) {
    if (states[i].peer == nullptr) continue;  // nginx's mark of an internal redirect
    if (state == nullptr) state = &states[i];
    ++found.tries;
  }
  if (state == nullptr || state->status == 0) return std::nullopt;
  found.response_ms = state->response_time;
  if (state->header_time != unset_time) {
    found.outcome = FirstTry::Outcome::answered;
    found.status = static_cast<int32_t>(state->status);
  } else if (state->status == NGX_HTTP_GATEWAY_TIME_OUT) {
    found.outcome = FirstTry::Outcome::timed_out;
  }
  return found;
}

// The upstream broke off inside the body. Without buffering nothing but what is left of the length
// says so, and only once the response has ended without its last byte; a client that left, and an
// upgraded connection, end so as well.
bool truncated(const ngx_http_request_t* r, Response response) {
  const ngx_http_upstream_t* upstream = r->upstream;
  if (upstream == nullptr) return false;
  if (!upstream->buffering) {
    const bool client_left = r->connection->error || r->connection->timedout;
    return response == Response::broken_off && !client_left && !upstream->upgrade &&
           upstream->header_sent && upstream->length != 0;
  }
  if (upstream->pipe == nullptr) return false;
  const ngx_event_pipe_t* pipe = upstream->pipe;
  return pipe->upstream_error ||
         (pipe->upstream_eof && !pipe->upstream_done && pipe->length != -1);
}

bool same_name(const ngx_table_elt_t& header, const std::string& name) {
  return header.key.len == name.size() &&
         ngx_strncasecmp(header.key.data,
                         reinterpret_cast<u_char*>(const_cast<char*>(name.data())),
                         name.size()) == 0;
}

std::optional<std::string_view> upstream_header(const ngx_http_request_t* r,
                                                const std::string& name) {
  for (const ngx_list_part_t* part = &r->upstream->headers_in.headers.part; part != nullptr;
       part = part->next) {
    const auto* headers = static_cast<const ngx_table_elt_t*>(part->elts);
    for (ngx_uint_t i = 0; i < part->nelts; ++i) {
      if (headers[i].hash == 0 || !same_name(headers[i], name)) continue;
      return std::string_view(reinterpret_cast<const char*>(headers[i].value.data),
                              headers[i].value.len);
    }
  }
  return std::nullopt;
}

// A number, or for a flag also `true` and `false`; of a category, whether it is the text that is
// counted. Anything else is not a number, which the runtime rejects and counts.
double header_value(std::string_view text, const HeaderMetric& metric) {
  const rel_metric_kind kind = metric.kind;
  if (kind == REL_CATEGORY) return 0;
  if (!metric.match.empty()) return text == metric.match ? 1 : 0;
  if (kind == REL_FLAG && text == "true") return 1;
  if (kind == REL_FLAG && text == "false") return 0;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool is_flag = value == 0 || value == 1;
  if (text.empty() || error != std::errc{} || stop != end || (kind == REL_FLAG && !is_flag)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return value;
}

// Whether an answer is another model's than the one the arm is pinned to. A good answer that does
// not say which model made it is not known to be the right one; an error may come from something
// between.
std::optional<double> is_other_digest(std::optional<std::string_view> served, rel_str pinned,
                                      int32_t status) {
  if (served) return *served == std::string_view(pinned.ptr, pinned.len) ? 0 : 1;
  if (status >= NGX_HTTP_OK && status < NGX_HTTP_SPECIAL_RESPONSE) return 1;
  return std::nullopt;
}

uint32_t read_headers(const ngx_http_request_t* r, const Release& release,
                      const rel_observation& observed, rel_metric_value* values) {
  uint32_t count = 0;
  for (const HeaderMetric& metric : release.header_metrics()) {
    const auto text = upstream_header(r, metric.header);
    if (metric.is_digest) {
      const rel_str pinned = rel_plan_digest(release.plan(), observed.variant);
      const auto other = is_other_digest(text, pinned, observed.status);
      if (other) values[count++] = {metric.metric, 0, *other};
      continue;
    }
    if (!text) continue;  // not carried by this response
    values[count++] = {metric.metric, 0, header_value(*text, metric)};
  }
  return count;
}

// Of a response that is complete as it is now, our own clock; of a try that others followed, what
// nginx noted of it. A try without any answer has no duration; a timeout counts with its limit.
double duration_of(const FirstTry& tried, Response response, int64_t started_ns) {
  const bool answered = tried.outcome == FirstTry::Outcome::answered;
  if (tried.outcome == FirstTry::Outcome::no_answer) return -1;
  if (answered && tried.tries == 1 && response == Response::broken_off) return -1;
  if (tried.tries == 1) return static_cast<double>(monotonic_ns() - started_ns) / 1e9;
  if (tried.response_ms == unset_time) return -1;
  return static_cast<double>(tried.response_ms) / 1e3;
}

void observe(const ngx_http_request_t* r, const RequestRecord& record, const FirstTry& tried,
             Response response, rel_lane lane) {
  rel_metric_value values[limits::metrics_max];
  rel_observation observation{};
  observation.struct_size = sizeof observation;
  observation.lane = lane;
  observation.variant = record.decision.variant;
  if (lane == REL_SHADOW) observation.variant = REL_CANDIDATE;
  observation.status = tried.status;
  const int64_t started_ns = lane == REL_SHADOW ? record.shadow_started_ns : record.started_ns;
  observation.duration_seconds = duration_of(tried, response, started_ns);
  observation.time_ns = now_ns();
  observation.segments = record.segments;
  observation.segment_count = record.segment_count;
  observation.values = values;
  observation.population = record.decision.population;
  // After a retry the headers at hand are another upstream's.
  if (tried.outcome == FirstTry::Outcome::answered && tried.tries == 1 && r->upstream != nullptr) {
    observation.value_count = read_headers(r, *record.release, observation, values);
  }
  record.release->observe(observation);
}

void observe_live(ngx_http_request_t* r, Response response) {
  RequestRecord* record = find_record(r);
  if (record == nullptr || record->live == Observed::yes) return;
  std::optional<FirstTry> tried = first_try_of(r, record->first_try);
  if (!tried) return;
  if (tried->tries == 1 && truncated(r, response)) {
    tried->outcome = FirstTry::Outcome::no_answer;
    tried->status = 0;
  }
  record->live = Observed::yes;
  observe(r, *record, *tried, response, REL_LIVE);
}

// A shadow's body never reaches a filter: it is complete with its headers. One that was refused or
// timed out comes by with nginx's own error response.
void observe_shadow(ngx_http_request_t* r) {
  RequestRecord* record = find_record(r);
  if (record == nullptr || record->shadow != r || record->shadow_observed == Observed::yes) return;
  const std::optional<FirstTry> tried = first_try_of(r, 0);
  if (!tried) return;
  record->shadow_observed = Observed::yes;
  observe(r, *record, *tried, Response::complete, REL_SHADOW);
}

bool has_last(const ngx_chain_t* chain) {
  for (; chain != nullptr; chain = chain->next) {
    if (chain->buf->last_buf) return true;
  }
  return false;
}

extern "C" ngx_int_t release_header_filter(ngx_http_request_t* r) {
  try {
    if (r != r->main) observe_shadow(r);
    const ngx_int_t answer = next_header_filter(r);
    // No body will come by (HEAD, 204, 304).
    if (r == r->main && r->header_only) observe_live(r, Response::complete);
    return answer;
  } catch (...) {
    return NGX_ERROR;
  }
}

// The live lane is observed here and not in the log phase, which waits for the shadow.
extern "C" ngx_int_t release_body_filter(ngx_http_request_t* r, ngx_chain_t* in) {
  try {
    if (r == r->main && has_last(in)) observe_live(r, Response::complete);
    return next_body_filter(r, in);
  } catch (...) {
    return NGX_ERROR;
  }
}

// What never got to a last byte: a response that broke off, a client that left in the middle of
// one, an upgraded connection. Its status counts, its duration says nothing.
extern "C" ngx_int_t release_log_handler(ngx_http_request_t* r) {
  try {
    if (r == r->main) {
      observe_live(r, Response::broken_off);
    } else {
      observe_shadow(r);
    }
    return NGX_OK;
  } catch (...) {
    return NGX_OK;  // the response is out; there is nobody left to tell
  }
}

}  // namespace

ngx_int_t install_observers(ngx_conf_t* cf) {
  auto* core = static_cast<ngx_http_core_main_conf_t*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  auto* handler = static_cast<ngx_http_handler_pt*>(
      ngx_array_push(&core->phases[NGX_HTTP_LOG_PHASE].handlers));
  if (handler == nullptr) return NGX_ERROR;
  *handler = release_log_handler;
  next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = release_header_filter;
  next_body_filter = ngx_http_top_body_filter;
  ngx_http_top_body_filter = release_body_filter;
  return NGX_OK;
}

}  // namespace rel::gateway
