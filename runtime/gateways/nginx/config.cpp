// Directives, their merging and their checks.
#include "runtime/gateways/nginx/config.h"

#include <charconv>
#include <span>
#include <string>
#include <string_view>

#include "runtime/gateways/nginx/bindings.h"
#include "runtime/gateways/nginx/module.h"
#include "runtime/gateways/nginx/observe.h"
#include "runtime/gateways/nginx/request.h"
#include "runtime/gateways/nginx/together.h"

namespace rel::gateway {
namespace {

std::string_view view(const ngx_str_t& text) {
  return {reinterpret_cast<const char*>(text.data), text.len};
}

// Logs `text` a line at a time, as nginx would log its own findings, and gives NGX_CONF_ERROR.
char* refuse(ngx_conf_t* cf, std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    if (!line.empty()) ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", line.c_str());
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return static_cast<char*>(NGX_CONF_ERROR);
}

// -- directives

char* set_policy(ngx_conf_t* cf, ngx_command_t*, void* block) {
  auto* conf = static_cast<ServerConf*>(block);
  const auto* words = static_cast<ngx_str_t*>(cf->args->elts);
  if (conf->policy.data != nullptr) return const_cast<char*>("is duplicate");
  conf->policy = words[1];
  if (ngx_conf_full_name(cf->cycle, &conf->policy, 1) != NGX_OK) {
    return static_cast<char*>(NGX_CONF_ERROR);
  }
  if (cf->args->nelts < 3) return NGX_CONF_OK;
  constexpr std::string_view prefix = "release=";
  const std::string_view option = view(words[2]);
  if (option.substr(0, prefix.size()) != prefix || option.size() == prefix.size()) {
    return refuse(cf, "`" + std::string(option) + "` is not an option of release_policy; write "
                      "`release_policy FILE release=NAME;`");
  }
  conf->release_name = {words[2].len - prefix.size(), words[2].data + prefix.size()};
  return NGX_CONF_OK;
}

char* set_state(ngx_conf_t* cf, ngx_command_t*, void* block) {
  auto* conf = static_cast<ServerConf*>(block);
  if (conf->state.data != nullptr) return const_cast<char*>("is duplicate");
  conf->state = static_cast<ngx_str_t*>(cf->args->elts)[1];
  const bool named = ngx_conf_full_name(cf->cycle, &conf->state, 0) == NGX_OK;
  return named ? NGX_CONF_OK : static_cast<char*>(NGX_CONF_ERROR);
}

char* add_segment(ngx_conf_t* cf, ngx_command_t*, void* block) {
  auto* conf = static_cast<ServerConf*>(block);
  auto* words = static_cast<ngx_str_t*>(cf->args->elts);
  if (conf->bindings == nullptr) {
    conf->bindings = ngx_array_create(cf->pool, 4, sizeof(SegmentBinding));
    if (conf->bindings == nullptr) return static_cast<char*>(NGX_CONF_ERROR);
  }
  const std::span<SegmentBinding> bindings{static_cast<SegmentBinding*>(conf->bindings->elts),
                                           conf->bindings->nelts};
  for (const SegmentBinding& binding : bindings) {
    if (view(binding.name) == view(words[1])) {
      return refuse(cf, "segment `" + std::string(view(words[1])) + "` is bound twice");
    }
  }
  auto* binding = static_cast<SegmentBinding*>(ngx_array_push(conf->bindings));
  if (binding == nullptr) return static_cast<char*>(NGX_CONF_ERROR);
  *binding = SegmentBinding{};
  binding->name = words[1];
  ngx_http_compile_complex_value_t compile{};
  compile.cf = cf;
  compile.value = &words[2];
  compile.complex_value = &binding->value;
  const bool made = ngx_http_compile_complex_value(&compile) == NGX_OK;
  return made ? NGX_CONF_OK : static_cast<char*>(NGX_CONF_ERROR);
}

ngx_conf_enum_t evaluators[] = {
    {ngx_string("jit"), static_cast<ngx_uint_t>(EvaluatorChoice::jit)},
    {ngx_string("interp"), static_cast<ngx_uint_t>(EvaluatorChoice::interp)},
    {ngx_null_string, 0},
};

// -- configuration blocks

void* create_main_conf(ngx_conf_t* cf) {
  auto* conf = static_cast<MainConf*>(ngx_pcalloc(cf->pool, sizeof(MainConf)));
  if (conf == nullptr) return nullptr;
  if (ngx_array_init(&conf->releases, cf->pool, 2, sizeof(Release*)) != NGX_OK) return nullptr;
  return conf;
}

void* create_server_conf(ngx_conf_t* cf) {
  auto* conf = static_cast<ServerConf*>(ngx_pcalloc(cf->pool, sizeof(ServerConf)));
  if (conf == nullptr) return nullptr;
  conf->evaluator = NGX_CONF_UNSET_UINT;
  return conf;
}

bool writes_release(const ServerConf& conf) {
  return conf.policy.data != nullptr || conf.state.data != nullptr ||
         conf.time_scale.data != nullptr || conf.evaluator != NGX_CONF_UNSET_UINT;
}

Result<ReleaseOptions> options_of(const ServerConf& conf) {
  if (conf.policy.data == nullptr) {
    return Error{"release_state, release_scale_time and release_evaluator belong to a release; "
                 "add `release_policy FILE;` to the same block"};
  }
  if (conf.state.data == nullptr) {
    return Error{"release_policy needs `release_state DIR;` in the same block: the directory "
                 "that the workers share with the sidecar"};
  }
  ReleaseOptions options;
  options.policy = view(conf.policy);
  options.release = view(conf.release_name);
  options.state_dir = view(conf.state);
  if (conf.evaluator != NGX_CONF_UNSET_UINT) {
    options.evaluator = static_cast<EvaluatorChoice>(conf.evaluator);
  }
  if (conf.time_scale.data != nullptr) {
    const std::string_view text = view(conf.time_scale);
    double scale = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), scale);
    if (error != std::errc{} || stop != text.data() + text.size() || !(scale > 0)) {
      return Error{"release_scale_time wants a number above 0, not `" + std::string(text) + "`"};
    }
    options.time_scale = scale;
  }
  return options;
}

void destroy_release(void* release) { delete static_cast<Release*>(release); }

// Hands the release to the cycle. Null: out of memory.
Release* keep(ngx_conf_t* cf, MainConf& main, std::unique_ptr<Release> release) {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(cf->pool, 0);
  auto* slot = static_cast<Release**>(ngx_array_push(&main.releases));
  if (cleanup == nullptr || slot == nullptr) return nullptr;
  *slot = release.get();
  cleanup->handler = destroy_release;
  cleanup->data = release.get();
  return release.release();
}

// A state that cannot be used is refused where a running gateway would lose its release by it, and
// only reported where the alternative is no service at all.
char* check_state(ngx_conf_t* cf, const Release& release) {
  const Release::StateCheck check = release.check_state();
  const bool reload = !ngx_test_config && !ngx_is_init_cycle(cf->cycle->old_cycle);
  switch (check.verdict) {
    case Release::StateVerdict::usable: return NGX_CONF_OK;
    case Release::StateVerdict::conflicting: return refuse(cf, check.problem);
    case Release::StateVerdict::unusable:
      if (reload) return refuse(cf, check.problem);
      ngx_conf_log_error(NGX_LOG_ERR, cf, 0, "%s; until then the baseline is served",
                         check.problem.c_str());
      return NGX_CONF_OK;
  }
  return NGX_CONF_OK;
}

// Compiles the policy of `conf` and checks it against what stands around it.
char* create_release(ngx_conf_t* cf, ServerConf& conf) {
  auto& main = *static_cast<MainConf*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_release_module));
  const Result<ReleaseOptions> options = options_of(conf);
  if (!options) return refuse(cf, options.error().message);
  const std::span<Release*> others{static_cast<Release**>(main.releases.elts),
                                   main.releases.nelts};
  for (const Release* other : others) {
    if (other->options().state_dir == options->state_dir) {
      return refuse(cf, "release_state " + options->state_dir + " already belongs to " +
                            other->options().policy + "; give each release a directory of its "
                            "own, or write one release_policy in the http block");
    }
  }
  Result<std::unique_ptr<Release>> loaded = Release::load(*options);
  if (!loaded) return refuse(cf, loaded.error().message);
  conf.release = keep(cf, main, std::move(*loaded));
  if (conf.release == nullptr) return static_cast<char*>(NGX_CONF_ERROR);
  return check_state(cf, *conf.release);
}

std::string declared_segments(const rel_plan* plan) {
  std::string names;
  for (uint32_t i = 0; i < rel_plan_segment_count(plan); ++i) {
    const rel_str name = rel_plan_segment_name(plan, i);
    names += (i == 0 ? "`" : ", `") + std::string(name.ptr, name.len) + "`";
  }
  return names.empty() ? "no segment" : names;
}

// Puts the bindings in the order of the plan's segments; each needs exactly one.
char* bind_segments(ngx_conf_t* cf, ServerConf& conf) {
  const rel_plan* plan = conf.release->plan();
  conf.segment_count = rel_plan_segment_count(plan);
  conf.segments = static_cast<ngx_http_complex_value_t**>(
      ngx_pcalloc(cf->pool, (conf.segment_count + 1) * sizeof(ngx_http_complex_value_t*)));
  if (conf.segments == nullptr) return static_cast<char*>(NGX_CONF_ERROR);
  std::span<SegmentBinding> bindings;
  if (conf.bindings != nullptr) {
    bindings = {static_cast<SegmentBinding*>(conf.bindings->elts), conf.bindings->nelts};
  }
  for (SegmentBinding& binding : bindings) {
    ngx_uint_t index = 0;
    for (; index < conf.segment_count; ++index) {
      const rel_str name = rel_plan_segment_name(plan, static_cast<uint32_t>(index));
      if (std::string_view(name.ptr, name.len) == view(binding.name)) break;
    }
    if (index == conf.segment_count) {
      return refuse(cf, "release_segment binds `" + std::string(view(binding.name)) + "`, but " +
                            conf.release->options().policy + " declares " +
                            declared_segments(plan));
    }
    conf.segments[index] = &binding.value;
  }
  for (ngx_uint_t i = 0; i < conf.segment_count; ++i) {
    if (conf.segments[i] != nullptr) continue;
    const rel_str name = rel_plan_segment_name(plan, static_cast<uint32_t>(i));
    const std::string segment(name.ptr, name.len);
    return refuse(cf, "segment `" + segment + "` of " + conf.release->options().policy +
                          " is not bound; add `release_segment " + segment + " $variable;`");
  }
  return NGX_CONF_OK;
}

// Who chooses the arm: the release, or, where it only observes, the configuration.
char* check_arm(ngx_conf_t* cf, const ServerConf& conf) {
  const bool observes = rel_plan_observes_only(conf.release->plan()) != 0;
  if (observes == (conf.arm != nullptr)) return NGX_CONF_OK;
  const std::string& policy = conf.release->options().policy;
  if (observes) {
    return refuse(cf, policy + " says `observe only`: add `release_arm VALUE;`, which says "
                      "`baseline` or `candidate` as your own routing has chosen");
  }
  return refuse(cf, "release_arm belongs to a policy that says `observe only`; " + policy +
                    " chooses the arm itself");
}

char* set_key(ngx_conf_t* cf, ngx_command_t*, void* block) {
  auto* conf = static_cast<ServerConf*>(block);
  auto* words = static_cast<ngx_str_t*>(cf->args->elts);
  if (conf->key != nullptr) return const_cast<char*>("is duplicate");
  conf->key = static_cast<ngx_http_complex_value_t*>(
      ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
  if (conf->key == nullptr) return static_cast<char*>(NGX_CONF_ERROR);
  if (cf->args->nelts == 3) conf->key_name = words[1];
  ngx_http_compile_complex_value_t compile{};
  compile.cf = cf;
  compile.value = &words[cf->args->nelts - 1];
  compile.complex_value = conf->key;
  const bool made = ngx_http_compile_complex_value(&compile) == NGX_OK;
  return made ? NGX_CONF_OK : static_cast<char*>(NGX_CONF_ERROR);
}

char* check_bindings(ngx_conf_t* cf, ServerConf& conf) {
  if (conf.key == nullptr) {
    return refuse(cf, "release_policy needs `release_key VALUE;`: what decides who gets the "
                      "candidate, such as `$http_x_user`");
  }
  if (char* refused = check_arm(cf, conf)) return refused;
  const std::string problem = key_problem(*conf.release, view(conf.key_name));
  if (!problem.empty()) return refuse(cf, problem);
  if (bind_slots(cf, conf) != NGX_OK) return static_cast<char*>(NGX_CONF_ERROR);
  return bind_segments(cf, conf);
}

char* merge(ngx_conf_t* cf, ServerConf& outer, ServerConf& inner) {
  if (outer.release == nullptr && writes_release(outer)) {
    if (char* refused = create_release(cf, outer)) return refused;
  }
  if (inner.key == nullptr) {
    inner.key = outer.key;
    inner.key_name = outer.key_name;
  }
  if (inner.id == nullptr) inner.id = outer.id;
  if (inner.arm == nullptr) inner.arm = outer.arm;
  if (inner.bindings == nullptr) inner.bindings = outer.bindings;
  if (writes_release(inner)) {
    if (char* refused = create_release(cf, inner)) return refused;
  } else {
    inner.release = outer.release;
  }
  if (inner.release != nullptr) return check_bindings(cf, inner);
  const bool idle = inner.key != nullptr || inner.id != nullptr || inner.bindings != nullptr;
  const bool inherited = inner.key == outer.key && inner.id == outer.id &&
                         inner.bindings == outer.bindings;
  if (!idle || inherited) return NGX_CONF_OK;
  return refuse(cf, "release_key, release_id and release_segment belong to a release; add "
                    "`release_policy FILE;` to this server or to the http block");
}

extern "C" char* merge_server_conf(ngx_conf_t* cf, void* outer, void* inner) {
  try {
    return merge(cf, *static_cast<ServerConf*>(outer), *static_cast<ServerConf*>(inner));
  } catch (const std::exception& error) {
    return refuse(cf, error.what());
  }
}

extern "C" ngx_int_t preconfiguration(ngx_conf_t* cf) { return add_variables(cf); }

// The filters cost nothing where no release is configured: they are not put in place.
extern "C" ngx_int_t postconfiguration(ngx_conf_t* cf) {
  const auto* main = static_cast<const MainConf*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_release_module));
  if (main->releases.nelts == 0) return NGX_OK;
  try {
    const std::string problem = problem_together(
        {static_cast<Release* const*>(main->releases.elts), main->releases.nelts});
    if (!problem.empty()) {
      (void)refuse(cf, problem);
      return NGX_ERROR;
    }
  } catch (const std::exception& error) {
    (void)refuse(cf, error.what());
    return NGX_ERROR;
  }
  return install_observers(cf);
}

template <auto Function>
char* guarded(ngx_conf_t* cf, ngx_command_t* command, void* conf) {
  try {
    return Function(cf, command, conf);
  } catch (const std::exception& error) {
    return refuse(cf, error.what());
  }
}

constexpr ngx_uint_t blocks = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF;

}  // namespace

ngx_command_t release_commands[] = {
    {ngx_string("release_policy"), blocks | NGX_CONF_TAKE12, guarded<set_policy>,
     NGX_HTTP_SRV_CONF_OFFSET, 0, nullptr},
    {ngx_string("release_state"), blocks | NGX_CONF_TAKE1, guarded<set_state>,
     NGX_HTTP_SRV_CONF_OFFSET, 0, nullptr},
    {ngx_string("release_scale_time"), blocks | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_SRV_CONF_OFFSET, offsetof(ServerConf, time_scale), nullptr},
    {ngx_string("release_evaluator"), blocks | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
     NGX_HTTP_SRV_CONF_OFFSET, offsetof(ServerConf, evaluator), evaluators},
    {ngx_string("release_key"), blocks | NGX_CONF_TAKE12, guarded<set_key>,
     NGX_HTTP_SRV_CONF_OFFSET, 0, nullptr},
    {ngx_string("release_id"), blocks | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot,
     NGX_HTTP_SRV_CONF_OFFSET, offsetof(ServerConf, id), nullptr},
    {ngx_string("release_arm"), blocks | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot,
     NGX_HTTP_SRV_CONF_OFFSET, offsetof(ServerConf, arm), nullptr},
    {ngx_string("release_segment"), blocks | NGX_CONF_TAKE2, guarded<add_segment>,
     NGX_HTTP_SRV_CONF_OFFSET, 0, nullptr},
    ngx_null_command,
};

ngx_http_module_t release_context = {
    preconfiguration, postconfiguration, create_main_conf, nullptr,
    create_server_conf, merge_server_conf, nullptr, nullptr,
};

}  // namespace rel::gateway
