// One target of the fuzzers: any bytes in; no crash, no hang, no broken law out. With clang a
// target is a libFuzzer program of its own (make fuzz); elsewhere replay.cpp runs the corpus
// through it.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
