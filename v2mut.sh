#!/bin/bash
export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;"
for m in release m22 m46 m46b m87a m87b m15 m87c; do
 export LUA_CPATH="$PWD/build/$m/?.so;;" LIBCONTAINER_BUILD=build/$m
 [ $m = m15 ] && { export LUA_CPATH="$PWD/build/release/?.so;;"; export LUA_PATH="$PWD/build/m15/?.lua;$LUA_PATH"; }
 [ $m = m87c ] && export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;"
 s=v2; [ $m = m87c ] && s=cgroups
 echo "=== $m $s"; timeout 900 busted spec/integration/${s}_spec.lua 2>&1 | grep -A6 "success\|^Failure\|^Error"
done
