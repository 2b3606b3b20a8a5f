# Compares what LIBRARY exports with GOLDEN, one symbol a line. A new function of rel.h is added to
# the golden by hand: it is a promise to every host.
execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY}
                OUTPUT_VARIABLE listing RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cannot list the symbols of ${LIBRARY}")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${listing}")
set(exported "")
foreach(line ${lines})
  string(REGEX REPLACE " .*" "" name "${line}")
  list(APPEND exported ${name})
endforeach()
file(STRINGS ${GOLDEN} wanted)
list(SORT exported)
list(SORT wanted)
if(NOT exported STREQUAL wanted)
  set(extra ${exported})
  list(REMOVE_ITEM extra ${wanted})
  set(missing ${wanted})
  list(REMOVE_ITEM missing ${exported})
  message(FATAL_ERROR "${LIBRARY} does not export what ${GOLDEN} lists\n"
                      "exported, not listed: ${extra}\nlisted, not exported: ${missing}")
endif()
