# nnc_library(name [PUBLIC libs...] [PRIVATE libs...]): the static library `nnc_<name>` of every .cpp in the current folder.
# nnc_unit_test(name LIBRARIES libs... [SLOW filters...]): a GoogleTest program of every *_test.cpp in the current folder. Its
# tests have the label fast; those that a filter of SLOW names have the label slow, so that `-L fast` ends within a minute.
find_program(NNC_CCACHE ccache)
if(NNC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${NNC_CCACHE})
  # What ccache must be told of precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 ${NNC_CCACHE})
endif()
include(NncPrecompile)
find_program(NNC_MOLD mold)
if(NNC_MOLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
endif()
if(NNC_SANITIZE)
  # -O1: less to compile, and stacks that show where a fault is.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
endif()

set(NNC_WARNINGS -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough)

function(nnc_library name)
  cmake_parse_arguments(L "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)
    add_library(nnc_${name} INTERFACE)
    target_include_directories(nnc_${name} INTERFACE ${PROJECT_SOURCE_DIR}/compiler)
    target_link_libraries(nnc_${name} INTERFACE ${L_PUBLIC} ${L_PRIVATE})
    return()
  endif()
  add_library(nnc_${name} STATIC ${sources})
  target_compile_options(nnc_${name} PRIVATE ${NNC_WARNINGS})
  target_include_directories(nnc_${name} PUBLIC ${PROJECT_SOURCE_DIR}/compiler)
  target_link_libraries(nnc_${name} PUBLIC ${L_PUBLIC} PRIVATE ${L_PRIVATE})
  nnc_precompile(nnc_${name})
endfunction()

function(nnc_unit_test name)
  cmake_parse_arguments(T "" "" "LIBRARIES;SLOW;DEFINITIONS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(${name} ${sources})
  target_compile_options(${name} PRIVATE ${NNC_WARNINGS})
  target_compile_definitions(${name} PRIVATE ${T_DEFINITIONS})
  target_link_libraries(${name} PRIVATE ${T_LIBRARIES} GTest::gtest_main)
  nnc_precompile(${name} TEST)
  list(JOIN T_SLOW ":" slow)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_LIST ${name}_fast TEST_FILTER "-${slow}"
                       PROPERTIES LABELS fast)
  if(slow)
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_LIST ${name}_slow TEST_FILTER "${slow}"
                         PROPERTIES LABELS slow)
  endif()
endfunction()
