// What the VFSs of the tests have in common: SQLite's table of file methods, made of the static
// functions of one type, and a VFS that is another one but for what the caller changes.
// Input: a type with those functions; a VFS below. Output: values to register. Owner: the caller.
#pragma once

#include <sqlite3.h>

namespace rel::test {

template <typename Calls>
inline constexpr sqlite3_io_methods io_methods = {
    .iVersion = 2,
    .xClose = Calls::close,
    .xRead = Calls::read,
    .xWrite = Calls::write,
    .xTruncate = Calls::truncate,
    .xSync = Calls::sync,
    .xFileSize = Calls::file_size,
    .xLock = Calls::lock,
    .xUnlock = Calls::unlock,
    .xCheckReservedLock = Calls::check_lock,
    .xFileControl = Calls::file_control,
    .xSectorSize = Calls::sector_size,
    .xDeviceCharacteristics = Calls::device_characteristics,
    .xShmMap = Calls::map_shared,
    .xShmLock = Calls::lock_shared,
    .xShmBarrier = Calls::shared_barrier,
    .xShmUnmap = Calls::unmap_shared,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// `file_bytes`: of an open file.
inline sqlite3_vfs vfs_over(const sqlite3_vfs& below, const char* name, void* data,
                            size_t file_bytes) {
  sqlite3_vfs made = below;
  made.iVersion = 1;
  made.szOsFile = static_cast<int>(file_bytes);
  made.pNext = nullptr;
  made.zName = name;
  made.pAppData = data;
  return made;
}

}  // namespace rel::test
