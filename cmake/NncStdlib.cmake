# Writes OUT, a .cpp that holds the texts of the .nn files in DIRECTORY. Run with `cmake -P`.
file(GLOB files ${DIRECTORY}/*.nn)
list(SORT files)
set(rows)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  # Not a list: semicolons and brackets in the text must reach string(APPEND) as they are.
  string(APPEND rows "      {\"${name}\", R\"nn_text(${text})nn_text\"},\n")
endforeach()
file(WRITE ${OUT} "// Made from stdlib/*.nn by cmake/NncStdlib.cmake.
#include \"elaborate/stdlib.h\"

namespace nnc::elaborate {

const std::vector<StdlibFile>& stdlibFiles() {
  static const std::vector<StdlibFile> files = {
${rows}  };
  return files;
}

}  // namespace nnc::elaborate
")
