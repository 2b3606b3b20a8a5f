#!/usr/bin/env bash
# Runs the configure script of nginx-dev in a folder of its own, with the flags Debian's nginx was
# built with. Input: nginx's source folder. Output: WORK/objs/ngx_auto_config.h and its kin.
set -euo pipefail
source_dir=$1
work=$2
mkdir -p "$work/module"
cp -r "$source_dir/auto" "$source_dir/configure" "$work/"
ln -sfn "$source_dir/src" "$work/src"
cat > "$work/module/config" <<'CONFIG'
ngx_addon_name=ngx_http_release_module
ngx_module_type=HTTP_AUX_FILTER
ngx_module_name=ngx_http_release_module
ngx_module_srcs=
. auto/module
CONFIG
. "$source_dir/conf_flags"
cd "$work"
if ! ./configure "${NGX_CONF_FLAGS[@]}" --with-cc-opt="-O2 -fPIC" --with-ld-opt="-fPIC" \
    --add-dynamic-module="$work/module" --builddir="$work/objs" > configure.log 2>&1; then
  cat configure.log >&2
  exit 1
fi
