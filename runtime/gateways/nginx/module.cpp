// The module's life: master, worker, timer.
#include "runtime/gateways/nginx/module.h"

#include <span>

#include "runtime/gateways/nginx/clock.h"
#include "runtime/gateways/nginx/config.h"
#include "runtime/gateways/nginx/together.h"

namespace rel::gateway {
namespace {

constexpr ngx_msec_t tick_ms = 100;

// Null when this configuration has no http block.
MainConf* main_conf(ngx_cycle_t* cycle) {
  return static_cast<MainConf*>(
      ngx_http_cycle_get_module_main_conf(cycle, ngx_http_release_module));
}

std::span<Release*> releases_of(MainConf& conf) {
  return {static_cast<Release**>(conf.releases.elts), conf.releases.nelts};
}

void log_problem(ngx_log_t* log, const Release& release, const std::string& problem) {
  const std::string_view name = release.name();
  ngx_str_t shown = {name.size(), reinterpret_cast<u_char*>(const_cast<char*>(name.data()))};
  ngx_log_error(NGX_LOG_ERR, log, 0, "release %V: %s", &shown, problem.c_str());
}

// A worker that could not join yet (every counter block was taken by workers that are leaving)
// tries again at each tick; the baseline serves until then.
void tick_release(Release& release, ngx_log_t* log) {
  if (!release.open()) return;
  const auto pid = static_cast<int32_t>(ngx_pid);
  if (!release.joined() && !release.join(pid)) return;
  const rel_tick_result result = release.tick(pid, now_ns());
  if (result.route_changed == 0) return;
  const std::string_view name = release.name();
  ngx_str_t shown = {name.size(), reinterpret_cast<u_char*>(const_cast<char*>(name.data()))};
  ngx_log_error(NGX_LOG_NOTICE, log, 0, "release %V: candidate share is now %uD millionths",
                &shown, result.share);
}

extern "C" void release_timer(ngx_event_t* event) {
  try {
    auto* conf = static_cast<MainConf*>(static_cast<ngx_connection_t*>(event->data)->data);
    for (Release* release : releases_of(*conf)) tick_release(*release, event->log);
  } catch (...) {
    ngx_log_error(NGX_LOG_ALERT, event->log, 0, "release: a tick failed; the route stays");
  }
  // A worker that is leaving must not be kept alive by its own timer.
  if (!ngx_exiting && !ngx_quit && !ngx_terminate) ngx_add_timer(event, tick_ms);
}

// In the master, once the whole configuration is accepted. An error here would end nginx, so a
// state that cannot be opened is logged and the baseline served.
extern "C" ngx_int_t release_init_module(ngx_cycle_t* cycle) {
  if (ngx_test_config) return NGX_OK;
  MainConf* conf = main_conf(cycle);
  if (conf == nullptr) return NGX_OK;
  try {
    (void)now_ns();
    for (Release* release : releases_of(*conf)) {
      const Status opened = release->open_state();
      if (!opened) {
        log_problem(cycle->log, *release, opened.error().message + "; serving the baseline");
      }
    }
    if (const Status joined = join_sets(releases_of(*conf)); !joined) {
      ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "release: %s", joined.error().message.c_str());
    }
  } catch (...) {
    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "release: out of memory; serving the baseline");
  }
  return NGX_OK;
}

// Workers only: nginx's cache processes run through here too, and do not serve.
extern "C" ngx_int_t release_init_process(ngx_cycle_t* cycle) {
  MainConf* conf = main_conf(cycle);
  const bool serves = ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
  if (conf == nullptr || !serves || conf->releases.nelts == 0) return NGX_OK;
  try {
    for (Release* release : releases_of(*conf)) {
      if (!release->open()) continue;
      const Status joined = release->join(static_cast<int32_t>(ngx_pid));
      if (!joined) log_problem(cycle->log, *release, joined.error().message);
    }
  } catch (...) {
    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "release: this worker could not join");
  }
  conf->timer_owner.fd = static_cast<ngx_socket_t>(-1);
  conf->timer_owner.data = conf;
  conf->timer.data = &conf->timer_owner;
  conf->timer.handler = release_timer;
  conf->timer.log = cycle->log;
  conf->timer.cancelable = 1;
  ngx_add_timer(&conf->timer, tick_ms);
  return NGX_OK;
}

extern "C" void release_exit_process(ngx_cycle_t* cycle) {
  MainConf* conf = main_conf(cycle);
  if (conf == nullptr) return;
  for (Release* release : releases_of(*conf)) release->leave();
}

}  // namespace
}  // namespace rel::gateway

extern "C" {
ngx_module_t ngx_http_release_module = {
    NGX_MODULE_V1,
    &rel::gateway::release_context,
    rel::gateway::release_commands,
    NGX_HTTP_MODULE,
    nullptr,                            // init master
    rel::gateway::release_init_module,  // init module
    rel::gateway::release_init_process,
    nullptr,  // init thread
    nullptr,  // exit thread
    rel::gateway::release_exit_process,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING};
}
