/* The saved plan that the C API tests run on: see tests/small_release.h. */
#ifndef REL_TESTS_SMALL_PLAN_H
#define REL_TESTS_SMALL_PLAN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the plan; they live until the program ends. */
const char *small_plan(size_t *size);

#ifdef __cplusplus
}
#endif

#endif
