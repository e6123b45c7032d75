# nnc_precompile(target [TEST | HEADERS headers...]): the standard headers that nearly every file includes are read once and not
# once a file. HEADERS are precompiled beside them, for this target alone. Every file still includes what it uses:
# -DNNC_PRECOMPILE=OFF (and with it ./dev test --sanitize) builds without, and tells of a missing include.
option(NNC_PRECOMPILE "Precompile the standard headers" ON)

set(NNC_STANDARD_HEADERS
    <algorithm> <array> <cmath> <cstdint> <functional> <limits> <map> <memory> <optional> <set> <span> <string>
    <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

# A compiled header differs from build to build: ccache is to go by what it was made of. For headers of packages alone, which
# change with their versions.
function(nnc_precompiled_sum target)
  string(SHA256 sum "${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${fmt_VERSION} ${GTest_VERSION} ${LLVM_PACKAGE_VERSION}")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum CONTENT "${sum}\n")
endfunction()

# The target whose compiled headers others reuse; FLAG as those are compiled.
function(nnc_precompiled_headers target flag libraries)
  set(empty ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  file(CONFIGURE OUTPUT ${empty} CONTENT "// Holds precompiled headers.\n")
  add_library(${target} OBJECT ${empty})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE ${flag})
  target_link_libraries(${target} PRIVATE ${libraries})
  target_precompile_headers(${target} PRIVATE ${ARGN})
  nnc_precompiled_sum(${target} ${ARGN})
endfunction()

function(nnc_precompile target)
  cmake_parse_arguments(P "TEST" "" "HEADERS" ${ARGN})
  if(NOT NNC_PRECOMPILE)
    return()
  endif()
  if(P_HEADERS)
    target_precompile_headers(${target} PRIVATE ${NNC_STANDARD_HEADERS} ${P_HEADERS})
    nnc_precompiled_sum(${target} ${NNC_STANDARD_HEADERS} ${P_HEADERS})
  elseif(P_TEST)
    if(NOT TARGET nnc_precompiled_tests)
      nnc_precompiled_headers(nnc_precompiled_tests -fPIE "fmt::fmt;GTest::gtest" ${NNC_STANDARD_HEADERS} <gtest/gtest.h>)
    endif()
    target_precompile_headers(${target} REUSE_FROM nnc_precompiled_tests)
  else()
    if(NOT TARGET nnc_precompiled)
      nnc_precompiled_headers(nnc_precompiled -fPIC fmt::fmt ${NNC_STANDARD_HEADERS})
    endif()
    target_precompile_headers(${target} REUSE_FROM nnc_precompiled)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)  # for ccache
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endfunction()
