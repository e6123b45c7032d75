# nnc_llvm: LLVM 19 as one interface target. Linked by the code generation plug-in alone (libLLVM costs 57 ms at start).
# LLVM's version file accepts the same major.minor only, hence 19.1 and not 19.
find_package(LLVM 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/llvm)
add_library(nnc_llvm INTERFACE)
target_include_directories(nnc_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(NNC_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_options(nnc_llvm INTERFACE ${NNC_LLVM_DEFINITIONS})
target_link_libraries(nnc_llvm INTERFACE LLVM)
