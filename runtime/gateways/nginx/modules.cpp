// What nginx reads when it loads a dynamic module: which modules are inside, and that the filters
// of ours come right after the copy filter's.
#include "runtime/gateways/nginx/module.h"

namespace {

char module_name[] = "ngx_http_release_module";
char follows[] = "ngx_http_copy_filter_module";

}  // namespace

extern "C" {

[[gnu::visibility("default")]] ngx_module_t* ngx_modules[] = {&ngx_http_release_module, nullptr};
[[gnu::visibility("default")]] char* ngx_module_names[] = {module_name, nullptr};
[[gnu::visibility("default")]] char* ngx_module_order[] = {module_name, follows, nullptr};
}
