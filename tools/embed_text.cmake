# Writes a C++ file that holds text files as raw string literals.
# -DOUT=file -DPAGES=list of .md -DSTDLIB=list of .release
function(rows out_var files)
  set(rows "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    file(READ ${file} content)
    # A literal has a length limit (64 KiB in the standard): pieces of it are concatenated.
    string(LENGTH "${content}" length)
    set(literal "")
    set(at 0)
    while(at LESS length)
      string(SUBSTRING "${content}" ${at} 12000 piece)
      string(APPEND literal "R\"~embed~(${piece})~embed~\"\n")
      math(EXPR at "${at} + 12000")
    endwhile()
    if(literal STREQUAL "")
      set(literal "\"\"")
    endif()
    string(APPEND rows "    {\"${stem}\", ${literal}},\n")
  endforeach()
  set(${out_var} "${rows}" PARENT_SCOPE)
endfunction()
rows(pages "${PAGES}")
rows(stdlib "${STDLIB}")
file(WRITE ${OUT} "#include \"compiler/diagnostics/embedded_text.h\"
#include <array>
namespace rel {
static const std::initializer_list<EmbeddedText> pages = {
${pages}};
static const std::initializer_list<EmbeddedText> stdlib = {
${stdlib}};
std::span<const EmbeddedText> embedded_pages() { return {pages.begin(), pages.size()}; }
std::span<const EmbeddedText> embedded_stdlib() { return {stdlib.begin(), stdlib.size()}; }
}  // namespace rel
")
